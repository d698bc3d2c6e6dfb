"""`studio finetune` from file to adapter, with a stub in the trainer's place: protocol, results, failure, cancelling."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.db import transaction
from app.models import CANCELLED, FAILED, RUNNING, SUCCEEDED, Job
from app.services.queue import jobs
from studio.finetune import sort_settings
from tests.conftest import forget_settings
from tests.studio.processes import ROOT, STUDIO, call, clean_environment, start_up, stop, wait_until
from tests.tiny_generation import write_chat_file


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    values = {"STUDIO_DATA_DIR": str(tmp_path / "data"), "STUDIO_TRAINER_MODULE": "tests.worker.stub_trainer"}
    monkeypatch.setenv("STUDIO_DATA_DIR", values["STUDIO_DATA_DIR"])
    forget_settings()
    yield values
    forget_settings()


def letters(folder: Path, behaviour: str, name: str = "letters.csv") -> Path:
    """Rows whose first label tells the stub what to do."""
    path = folder / name
    rows = [
        f"the {thing} of house {n} is {what},{label}"
        for n in range(30)
        for thing, what, label in (("door", "open", behaviour), ("window", "shut", "x"))
    ]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def last_job() -> Job | None:
    """The newest job; None as long as there is no table."""
    try:
        with transaction() as session:
            return session.scalars(select(Job).order_by(Job.created_at.desc())).first()
    except OperationalError:
        return None


def test_result_is_one_json_object_and_the_adapter_is_copied(place: dict[str, str], tmp_path: Path) -> None:
    data, own = letters(tmp_path, "train"), letters(tmp_path, "train", "own.csv")
    out = tmp_path / "adapter"
    done = call(
        "finetune",
        str(data),
        "--eval",
        str(own),
        "--task",
        "text-classification",
        "--model",
        "starter-encoder",
        "--method",
        "lora",
        "--set",
        "rank=4",
        "--set",
        "epochs=1",
        "--out",
        str(out),
        "--json",
        **place,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["state"] == "succeeded" and result["metrics"] == {"accuracy": 1.0}
    assert set(result) == {
        "run_id",
        "state",
        "metrics",
        "baseline",
        "adapter",
        "trainable_parameters",
        "seconds",
        "peak_memory_bytes",
    }
    assert result["adapter"] == str(out) and (out / "manifest.json").exists()
    spec = _spec(place, result["run_id"])
    assert (spec["method"]["rank"], spec["training"]["epochs"]) == (4, 1)
    assert "Training" in done.stderr


def test_result_for_people_is_in_words(place: dict[str, str], tmp_path: Path) -> None:
    done = call("finetune", str(letters(tmp_path, "train")), **place)
    assert done.returncode == 0, done.stderr
    assert "accuracy: 1.0000" in done.stdout and "Adapter: " in done.stdout


def test_conversations_get_the_chat_model_by_default(place: dict[str, str], tmp_path: Path) -> None:
    done = call("finetune", str(write_chat_file(tmp_path / "talks.jsonl")), "--json", **place)
    assert done.returncode == 0, done.stderr
    spec = _spec(place, json.loads(done.stdout)["run_id"])
    assert (spec["task_type"], spec["base_model"]) == ("chat", "starter-chat")


def test_failed_run_names_its_error_with_exit_code_1(place: dict[str, str], tmp_path: Path) -> None:
    done = call("finetune", str(letters(tmp_path, "refuse")), "--json", **place)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["state"], result["error"]["code"], result["adapter"]) == ("diverged", "diverged", None)


def test_useless_file_is_refused_before_anything_is_queued(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    done = call("finetune", str(tmp_path / "empty.csv"), "--json", **place)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"]
    assert last_job() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_command_cancels_the_run(place: dict[str, str], tmp_path: Path, number: signal.Signals) -> None:
    running = _start(letters(tmp_path, "hang"), place)
    wait_until(_is_running, "the run is running")
    running.send_signal(number)
    out, _ = running.communicate(timeout=10)
    assert running.returncode == 130
    assert json.loads(out)["state"] == "cancelled"
    job = last_job()
    assert job is not None and job.state == CANCELLED
    with pytest.raises(ProcessLookupError):
        os.kill(job.pid, 0)


def test_run_is_done_once_beside_a_running_studio(place: dict[str, str], tmp_path: Path) -> None:
    up = start_up(Path(place["STUDIO_DATA_DIR"]))
    try:
        done = call("finetune", str(letters(tmp_path, "train")), "--json", **place)
    finally:
        stop(up)
    assert done.returncode == 0, done.stderr
    job = last_job()
    assert job is not None and (job.state, job.fence) == (SUCCEEDED, 1)


def test_run_that_another_worker_took_is_followed_to_its_end(place: dict[str, str], tmp_path: Path) -> None:
    running = _start(letters(tmp_path, "crash"), place)
    # It waits between two tries, which is when another worker may take the run.
    wait_until(lambda: (job := last_job()) is not None and job.attempt > 0, "the first try has crashed")
    job = last_job()
    assert job is not None
    with transaction() as session:
        session.execute(update(Job).values(not_before=0.0))
    if claim := jobs.claim(job.id):
        with jobs.held(claim) as session:
            jobs.fail(session, claim, {"error": {"code": "elsewhere", "message": "No.", "hint": "", "details": {}}})
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert json.loads(out)["state"] == FAILED


def _is_running() -> bool:
    job = last_job()
    return job is not None and job.state == RUNNING


def _start(data: Path, place: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*STUDIO, "finetune", str(data), "--json"],
        cwd=ROOT,
        env=clean_environment(**place),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _spec(place: dict[str, str], run_id: str) -> dict[str, Any]:
    folder = Path(place["STUDIO_DATA_DIR"]) / "runs" / run_id / "attempt-1"
    return json.loads((folder / "job.json").read_text())["spec"]


def test_settings_are_sorted_by_name_and_read_by_kind() -> None:
    given = {"rank": "8", "epochs": "0.5", "learning_rate": "null", "precision": "fp32"}
    method, training = sort_settings("lora", given)
    assert method == {"kind": "lora", "rank": 8}
    assert training == {"epochs": 0.5, "learning_rate": None, "precision": "fp32"}
