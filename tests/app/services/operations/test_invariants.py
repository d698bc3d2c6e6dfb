"""Each broken invariant is reported with its name and the row or file that breaks it."""

import pytest

from app import manifest, storage
from app.db import transaction
from app.models import FAILED, RUNNING, SUCCEEDED, Checkpoint, Event, Job
from app.services.operations import invariants
from tests.factories import make_run


def test_sound_installation_has_no_violations(owner: str, any_database: str) -> None:
    make_run(owner)
    assert invariants.violations() == []


def test_event_of_a_fence_that_the_job_never_had_violates_i1(owner: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        session.add(Event(run_id=run.id, source="attempt-9", number=1, kind="phase", message="Training", at=1.0))
    (violation,) = invariants.violations()
    assert violation.startswith(f"I1 run {run.id}") and "9" in violation


@pytest.mark.parametrize(
    ("values", "violation"),
    [
        ({"state": SUCCEEDED, "finished_at": 1.0}, "I3 run {run}: succeeded without results"),
        ({"state": FAILED, "finished_at": 1.0}, "I3 job {job}: failed without a reason"),
        ({"state": RUNNING}, "I4 job {job}: running with a lease until None"),
        ({"attempt": 4, "max_attempts": 3}, "I5 job {job}: tried 4 times"),
    ],
)
def test_job_in_an_impossible_state_is_a_violation(owner: str, values: dict[str, object], violation: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        for name, value in values.items():
            setattr(job, name, value)
    (found,) = invariants.violations()
    assert found.startswith(violation.format(run=run.id, job=run.job_id))


def test_changed_and_missing_checkpoints_violate_i7(owner: str) -> None:
    run = make_run(owner)
    folder = storage.attempt_dir(run.id, 1) / "checkpoints" / "step-5"
    folder.mkdir(parents=True)
    (folder / "weights").write_text("w")
    path, sha256 = str(folder.relative_to(storage.data_dir())), manifest.write(folder)
    with transaction() as session:
        session.get_one(Job, run.job_id).fence = 1
        session.add(Checkpoint(run_id=run.id, fence=1, step=5, path=path, bytes=1, sha256=sha256))
    assert invariants.violations() == []
    (folder / "weights").write_text("changed")
    assert invariants.violations() == [f"I7 {path}: missing, incomplete or changed"]
