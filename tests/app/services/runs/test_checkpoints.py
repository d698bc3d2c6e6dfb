"""Kept checkpoints of a run: listed with the reason, deleted only when nothing needs them, starting points of new runs."""

from pathlib import Path

import pytest

from app import manifest, storage
from app.db import transaction
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.models import Checkpoint, MetricPoint
from app.services.queue import jobs
from app.services.runs import checkpoints, run_folders
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


def keep(run_id: str, step: int, fence: int = 1, **metrics: float) -> Path:
    """A checkpoint as a trainer and its supervisor leave it."""
    folder = storage.attempt_dir(run_id, fence) / "checkpoints" / f"step-{step}"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"0" * step)
    digest = manifest.write(folder)
    with transaction() as session:
        session.add(
            Checkpoint(
                run_id=run_id,
                fence=fence,
                step=step,
                path=str(folder.relative_to(storage.data_dir())),
                bytes=step,
                sha256=digest,
                metrics=metrics,
            )
        )
    return folder


@pytest.fixture
def ended(owner: str) -> str:
    """A run of 40 steps in 3 passes whose best was step 20; steps 30 and 40 are the newest."""
    run = make_run(owner)
    end_run(run.id, rows_right(9, 10), rows_right(5, 10), best_step=20, total_steps=40)
    for step, accuracy in ((20, 0.95), (30, 0.9), (40, 0.93)):
        keep(run.id, step, accuracy=accuracy)
    return run.id


def test_checkpoints_are_listed_with_the_reason_why_they_are_kept(owner: str, ended: str) -> None:
    listed = checkpoints.list_checkpoints(owner, ended)
    assert [(kept.step, kept.selected, kept.deletable) for kept in listed] == [
        (40, False, True),
        (30, False, True),
        (20, True, False),
    ]
    assert "result" in listed[2].why and "newest" in listed[0].why
    assert listed[2].metrics == {"accuracy": 0.95} and all(kept.complete for kept in listed)
    with pytest.raises(NotFound):
        checkpoints.list_checkpoints(make_user(), ended)


def test_deleting_removes_row_and_folder_of_every_copy_and_never_the_selected(owner: str, ended: str) -> None:
    copy = keep(ended, 40, fence=2)
    folder = storage.attempt_dir(ended, 1) / "checkpoints" / "step-40"
    assert checkpoints.list_checkpoints(owner, ended)[0].bytes == 80
    checkpoints.remove(owner, ended, 40)
    assert not folder.exists() and not copy.exists()
    assert [kept.step for kept in checkpoints.list_checkpoints(owner, ended)] == [30, 20]
    with pytest.raises(Conflict, match="best one"):
        checkpoints.remove(owner, ended, 20)
    with pytest.raises(NotFound, match="does not keep step 40") as refused:
        checkpoints.remove(owner, ended, 40)
    assert refused.value.hint.endswith("Kept now: 20, 30.")


def test_nothing_is_deleted_while_the_run_is_active(owner: str) -> None:
    run = make_run(owner)
    keep(run.id, 10, accuracy=0.5)
    keep(run.id, 20, accuracy=0.6)
    assert [kept.deletable for kept in checkpoints.list_checkpoints(owner, run.id)] == [False, False]
    with pytest.raises(Conflict, match="still active"):
        checkpoints.remove(owner, run.id, 10)


def test_best_check_so_far_is_the_one_that_the_trainer_holds_for_the_best(owner: str) -> None:
    """Step 30 has most right, but a higher loss than the linear probe at step 0, whose checkpoint is gone by now."""
    run = make_run(owner)
    checks = {0: (0.90, 0.30), 10: (0.91, 0.20), 20: (0.915, 0.25), 30: (0.95, 0.35)}
    for step, (accuracy, loss) in checks.items():
        with transaction() as session:
            for key, value in (("eval/accuracy", accuracy), ("eval/loss", loss)):
                session.add(MetricPoint(run_id=run.id, key=key, step=step, value=value, at=float(step)))
        if step:
            keep(run.id, step, accuracy=accuracy, loss=loss)
    listed = checkpoints.list_checkpoints(owner, run.id)
    assert [kept.step for kept in listed if kept.selected] == [10]


def test_new_run_starts_from_a_checkpoint_of_the_old_one(owner: str, ended: str) -> None:
    run = checkpoints.continue_from(owner, ended, 20, epochs=2)
    assert run.spec["training"]["epochs"] == pytest.approx(20 / 40 * 3 + 2)
    assert "step 20" in run.name and "step 20" in run.note
    order = run_folders.prepare(jobs.claim(run.job_id), lambda name: Path("/base"), 1)
    given = storage.read_json(order.folder / "job.json")["resume_from"]
    assert given == str(storage.attempt_dir(ended, 1) / "checkpoints" / "step-20")
    own = keep(run.id, 25)
    assert run_folders.newest_checkpoint(run.id) == own


def test_damaged_or_missing_checkpoint_and_too_many_epochs_are_refused(owner: str, ended: str) -> None:
    with pytest.raises(Rejected, match="passes"):
        checkpoints.continue_from(owner, ended, 20, epochs=100)
    with pytest.raises(NotFound):
        checkpoints.continue_from(owner, ended, 21)
    run = checkpoints.continue_from(owner, ended, 30)
    folder = storage.attempt_dir(ended, 1) / "checkpoints" / "step-30"
    (folder / "weights.safetensors").write_bytes(b"1")
    with pytest.raises(Conflict, match="changed on disk"):
        checkpoints.continue_from(owner, ended, 30)
    with pytest.raises(StudioError, match="not there any more"):
        run_folders.prepare(jobs.claim(run.job_id), lambda name: Path("/base"), 1)
