"""Exports to trackers: read back with the tracker's own library, they hold every point."""

import json
import math
import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.catalog.trackers import TRACKERS, TrackedRun
from app.db import transaction
from app.errors import Conflict, NotFound
from app.models import Job, MetricPoint
from app.services.accounts.accounts import add_user
from app.services.runs import tracker_exports
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run
from worker.jobs import supervisor

# 2,100 points: more than two of MLflow's requests, and one value that is no number.
POINTS = [(key, step, 1 / step, 1.7e9 + step) for step in range(1, 1050) for key in ("train/loss", "eval/accuracy")]
RUN = TrackedRun(
    id="0f0e-1",
    name="Letters · LoRA",
    project="Support: letters",
    started_at=1.7e9,
    ended_at=1.7e9 + 60,
    succeeded=True,
    settings={"method.kind": "lora", "method.rank": 8, "training.learning_rate": 0.001, "training.layers": None},
    results={"accuracy": 0.9},
    points=[*POINTS, ("train/loss", 1050, math.nan, 1.7e9 + 1050)],
)


def written(folder: Path, tracker: str, **environment: str) -> tuple[dict, Path]:
    """The result of the exporting process, and the unpacked files; it sees no variable of this process but the path."""
    folder.mkdir(exist_ok=True)
    (folder / "job.json").write_text(json.dumps({"tracker": tracker, "run": RUN.as_dict()}), encoding="utf-8")
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    subprocess.run(
        [sys.executable, "-m", "worker.jobs.exporter", str(folder)], env=own, capture_output=True, timeout=120
    )
    error = folder / "error.json"
    result = json.loads((error if error.exists() else folder / "result.json").read_text(encoding="utf-8"))
    if (folder / "export.zip").exists():
        zipfile.ZipFile(folder / "export.zip").extractall(folder / "unpacked")
    return result, folder / "unpacked"


def test_tensorboard_export_holds_every_point(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result, files = written(tmp_path, "tensorboard")
    assert result["address"] == "" and result["bytes"] > 1000
    read = EventAccumulator(str(files / RUN.id), size_guidance={"scalars": 0}).Reload()
    assert set(read.Tags()["scalars"]) == {"train/loss", "eval/accuracy", "test/accuracy"}
    losses = read.Scalars("train/loss")
    assert [(e.step, e.wall_time) for e in losses[:2]] == [(1, 1.7e9 + 1), (2, 1.7e9 + 2)] and len(losses) == 1050
    assert losses[3].value == pytest.approx(0.25) and math.isnan(losses[-1].value)


def test_mlflow_export_holds_parameters_metrics_and_times(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    _, files = written(tmp_path, "mlflow")
    client = MlflowClient(tracking_uri=f"sqlite:///{files / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("Support: letters")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status, run.info.end_time) == ("Letters · LoRA", "FINISHED", 1_700_000_060_000)
    assert run.data.params["method.rank"] == "8" and run.data.params["training.layers"] == "None"
    history = client.get_metric_history(run.info.run_id, "eval/accuracy")
    assert len(history) == 1049 and {point.step: point.value for point in history}[4] == 0.25


def test_weights_and_biases_without_key_is_written_offline(tmp_path: Path) -> None:
    result, files = written(tmp_path, "wandb")
    assert result["address"] == ""
    (folder,) = (files / "wandb").glob("offline-run-*")
    content = joined((folder / f"run-{RUN.id}.wandb").read_bytes())
    # The names of settings and metrics stand in the records as text.
    assert all(word in content for word in (b"eval/accuracy", b"method.rank", b"test/accuracy"))


def joined(log: bytes) -> bytes:
    """The records of a log in LevelDB's format: blocks of 32 KiB with parts of (checksum 4, length 2, kind 1, content)."""
    content = b""
    at = 7
    while at + 7 <= len(log):
        left = 32768 - at % 32768
        length = int.from_bytes(log[at + 4 : at + 6], "little")
        if left < 7:
            at += left
            continue
        content += log[at + 7 : at + 7 + length]
        at += 7 + length
    return content


def test_trackio_export_holds_every_step(tmp_path: Path) -> None:
    _, files = written(tmp_path, "trackio")
    (database,) = (files / "trackio").glob("*.db")
    with sqlite3.connect(database) as opened:
        rows = opened.execute("SELECT step, metrics FROM metrics ORDER BY step, id").fetchall()
    assert len(rows) == 1051 and json.loads(rows[3][1])["eval/accuracy"] == 0.25
    assert json.loads(rows[-1][1]) == {"test/accuracy": 0.9}


def test_unreachable_tracker_is_named_in_the_error(tmp_path: Path) -> None:
    result, files = written(
        tmp_path, "mlflow", MLFLOW_TRACKING_URI="http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"
    )
    assert result["error"]["code"] == "tracker_failed" and "127.0.0.1" in result["error"]["message"]
    assert not files.exists()


def test_export_job_ends_with_a_download(owner: str) -> None:
    run = make_run(owner, name="Letters one")
    with pytest.raises(Conflict):
        tracker_exports.start(owner, run.id, "tensorboard")
    end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    made = tracker_exports.start(owner, run.id, "tensorboard")
    assert tracker_exports.start(owner, run.id, "tensorboard").id == made.id
    with transaction() as session:
        job_id = tracker_exports._find(session, owner, made.id).job_id
        points = session.query(MetricPoint).filter_by(run_id=run.id).count()
    supervisor.execute(job_id)
    result = tracker_exports.list_exports(owner, run.id).as_dict()
    assert [tracker["name"] for tracker in result["trackers"]] == [tracker.name for tracker in TRACKERS]
    (export,) = result["exports"]
    assert (export["state"], export["error"], export["address"]) == ("succeeded", None, "") and points > 40
    name, pieces = tracker_exports.download(owner, export["id"])
    assert name == "letters-one-tensorboard.zip" and b"".join(pieces).startswith(b"PK")
    stranger = add_user("Stranger").id
    for ask in (
        lambda: tracker_exports.download(stranger, export["id"]),
        lambda: tracker_exports.list_exports(stranger, run.id),
        lambda: tracker_exports.start(stranger, run.id, "tensorboard"),
        lambda: tracker_exports.cancel(stranger, export["id"]),
    ):
        with pytest.raises(NotFound):
            ask()
    again = tracker_exports.start(owner, run.id, "tensorboard")
    with transaction() as session:
        second = session.get_one(Job, tracker_exports._find(session, owner, again.id).job_id)
    supervisor.execute(second.id)
    assert [status.id for status in tracker_exports.list_exports(owner, run.id).exports] == [again.id]
    with pytest.raises(NotFound):
        tracker_exports.download(owner, export["id"])
