"""Exports to trackers: queued for an ended run, prepared from its stored points, replaced by the next export."""

import json

import pytest

from app.catalog.trackers import TRACKERS
from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import Job
from app.models_work import TrackerExport
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.services.runs import tracker_exports
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


@pytest.fixture
def run_id(owner: str) -> str:
    run = make_run(owner, name="Letters one")
    end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    return run.id


def claim_export(export_id: str) -> Claim:
    with transaction() as session:
        job_id = session.get_one(TrackerExport, export_id).job_id
    claim = jobs.claim(job_id)
    assert claim
    jobs.begin(claim, pid=1, phase="")
    return claim


def complete(export_id: str, content: bytes) -> None:
    """Do the job of an export that writes one file."""
    claim = claim_export(export_id)
    folder, _ = tracker_exports.prepare(claim)
    (folder / "export.zip").write_bytes(content)
    tracker_exports.store_results(claim, {"address": "", "bytes": len(content)})
    assert not folder.exists()


def test_active_export_is_returned_instead_of_a_second_one(owner: str, run_id: str) -> None:
    export = tracker_exports.start(owner, run_id, "mlflow")
    assert tracker_exports.start(owner, run_id, "mlflow").id == export.id
    assert tracker_exports.start(owner, run_id, "tensorboard").id != export.id
    assert tracker_exports.cancel(owner, export.id).state == "cancelled"
    overview = tracker_exports.list_exports(owner, run_id)
    assert [status.state for status in overview.exports] == ["cancelled", "queued"]
    assert [choice.name for choice in overview.trackers] == [tracker.name for tracker in TRACKERS]


def test_job_file_has_every_point_and_flat_settings(owner: str, run_id: str) -> None:
    folder, tracker = tracker_exports.prepare(claim_export(tracker_exports.start(owner, run_id, "mlflow").id))
    run = json.loads((folder / "job.json").read_text())["run"]
    assert tracker == "mlflow" and run["name"] == "Letters one" and run["settings"]["method.kind"] == "lora"
    assert run["settings"]["labels"] == "no, yes" and run["results"]["accuracy"] == 0.8
    keys = [point[0] for point in run["points"]]
    assert (keys.count("train/loss"), keys.count("eval/accuracy"), len(keys)) == (40, 4, 44)


def test_next_export_replaces_the_files_of_the_earlier_one(owner: str, run_id: str) -> None:
    first = tracker_exports.start(owner, run_id, "tensorboard")
    complete(first.id, b"PK first")
    name, pieces = tracker_exports.download(owner, first.id)
    assert (name, b"".join(pieces)) == ("letters-one-tensorboard.zip", b"PK first")
    second = tracker_exports.start(owner, run_id, "tensorboard")
    complete(second.id, b"PK second")
    assert [status.id for status in tracker_exports.list_exports(owner, run_id).exports] == [second.id]
    with pytest.raises(NotFound):
        tracker_exports.download(owner, first.id)
    assert b"".join(tracker_exports.download(owner, second.id)[1]) == b"PK second"


def test_active_run_unknown_tracker_and_other_users_are_refused(owner: str, run_id: str) -> None:
    active = make_run(owner)
    with pytest.raises(Conflict, match="has not ended"):
        tracker_exports.start(owner, active.id, "mlflow")
    with pytest.raises(Rejected):
        tracker_exports.start(owner, run_id, "abacus")
    export, other = tracker_exports.start(owner, run_id, "mlflow"), make_user()
    with pytest.raises(NotFound):
        tracker_exports.list_exports(other, run_id)
    with pytest.raises(NotFound):
        tracker_exports.cancel(other, export.id)
    with pytest.raises(NotFound, match="no files"):
        tracker_exports.download(owner, export.id)
    with transaction() as session:
        assert session.query(Job).filter_by(kind="track").count() == 1
