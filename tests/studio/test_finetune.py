"""`studio finetune` from file to adapter, with a stub in the trainer's place: protocol, results, failure, cancelling."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.db import transaction
from app.models import CANCELLED, FAILED, RUNNING, Job
from app.services.queue import jobs
from studio.finetune import sort_settings
from tests.conftest import forget_settings
from tests.studio.processes import ROOT, STUDIO, clean_environment, letters, run, wait_until
from tests.tiny_generation import write_chat_file
from worker.processes import prewarmed


class Ended(NamedTuple):
    """A command that has ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    values = {"STUDIO_DATA_DIR": str(tmp_path / "data"), "STUDIO_TRAINER_MODULE": "tests.worker.stub_trainer"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    yield values
    forget_settings()


def last_job() -> Job | None:
    """The newest job; None as long as there is no table."""
    try:
        with transaction() as session:
            return session.scalars(select(Job).order_by(Job.created_at.desc())).first()
    except OperationalError:
        return None


@pytest.fixture
def finetune(place: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Runs the command in this process: the words that it is called with, its exit code, output and errors."""
    # A real trainer that another test left waiting would be taken for the stub.
    prewarmed.dismiss()

    def call(*arguments: str) -> Ended:
        code = run("finetune", *arguments)
        return Ended(code, *capsys.readouterr())

    yield call
    prewarmed.dismiss()


def test_result_is_one_json_object_and_the_adapter_is_copied(
    finetune: Callable[..., Ended], place: dict[str, str], tmp_path: Path
) -> None:
    data, own = letters(tmp_path, "train"), letters(tmp_path, "train", "own.csv")
    out = tmp_path / "adapter"
    choices = ("--task", "text-classification", "--model", "starter-encoder", "--method", "lora")
    settings = ("--set", "rank=4", "--set", "epochs=1")
    done = finetune(str(data), "--eval", str(own), *choices, *settings, "--out", str(out), "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result["state"] == "succeeded" and result["metrics"] == {"accuracy": 1.0}
    assert set(result) == {
        "run_id",
        "state",
        "task",
        "columns",
        "model",
        "method",
        "learning_rate",
        "kept_probe",
        "sentence",
        "metrics",
        "intervals",
        "baseline",
        "discordant",
        "test_rows",
        "tested",
        "cross_validation",
        "cut_rows",
        "leaking_rows",
        "forgetting",
        "verdicts",
        "warnings",
        "adapter",
        "trainable_parameters",
        "seconds",
        "peak_memory_bytes",
    }
    assert (result["task"], result["model"], result["method"]["kind"]) == (
        "text-classification",
        "starter-encoder",
        "lora",
    )
    assert result["columns"] == {"text": "text", "label": "label"}
    # The evaluation file is the training file once more.
    assert any("also in the training file" in warning for warning in result["warnings"])
    assert result["adapter"] == str(out) and (out / "manifest.json").exists()
    spec = _spec(place, result["run_id"])
    assert (spec["method"]["rank"], spec["training"]["epochs"]) == (4, 1)
    assert "Training" in done.err


def test_result_for_people_is_in_words(finetune: Callable[..., Ended], tmp_path: Path) -> None:
    done = finetune(str(letters(tmp_path, "train")))
    assert done.code == 0, done.err
    assert "accuracy: 1.0000" in done.out and "Adapter: " in done.out


def test_few_test_rows_are_cross_validated_unless_it_is_set_otherwise(
    finetune: Callable[..., Ended], place: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("text,label\n" + "".join(f"letter {n},{'ab'[n % 2]}\n" for n in range(60)))
    done = finetune(str(path), "--json")
    assert "so all 60 are tested by 5-fold cross-validation" in done.err
    assert _spec(place, json.loads(done.out)["run_id"])["training"]["cross_validation_folds"] == 5
    done = finetune(str(path), "--json", "--set", "cross_validation_folds=0")
    assert "cross-validation" not in done.err
    assert _spec(place, json.loads(done.out)["run_id"])["training"]["cross_validation_folds"] == 0


def test_conversations_get_the_chat_model_by_default(
    finetune: Callable[..., Ended], place: dict[str, str], tmp_path: Path
) -> None:
    done = finetune(str(write_chat_file(tmp_path / "talks.jsonl")), "--json")
    assert done.code == 0, done.err
    spec = _spec(place, json.loads(done.out)["run_id"])
    assert (spec["task_type"], spec["base_model"]) == ("chat", "starter-chat")
    # Said before the run, and kept beside its result.
    assert "too small to write" in done.err and "too small to write" in json.loads(done.out)["warnings"][0]


def test_failed_run_names_its_error_with_exit_code_1(finetune: Callable[..., Ended], tmp_path: Path) -> None:
    done = finetune(str(letters(tmp_path, "refuse")), "--json")
    assert done.code == 1
    result = json.loads(done.out)
    assert (result["state"], result["error"]["code"], result["adapter"]) == ("diverged", "diverged", None)


def test_useless_file_is_refused_before_anything_is_queued(finetune: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    done = finetune(str(tmp_path / "empty.csv"), "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["code"]
    assert last_job() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_command_cancels_the_run(place: dict[str, str], tmp_path: Path, number: signal.Signals) -> None:
    running = _start(letters(tmp_path, "hang"), place)
    wait_until(_is_running, "the run is running")
    running.send_signal(number)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert json.loads(out)["state"] == "cancelled"
    job = last_job()
    assert job is not None and job.state == CANCELLED
    with pytest.raises(ProcessLookupError):
        os.kill(job.pid, 0)


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
