"""The kept checkpoints of a run: list them, start a new run from one, delete one.

The row is deleted before its folder, so that no row ever names a folder that is gone.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import manifest, storage
from app.catalog import best_check
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import ACTIVE_STATES, SUCCEEDED, Checkpoint, Run
from app.services.accounts.access import TO_DELETE, TO_TRAIN
from app.services.accounts.audit_chain import record
from app.services.runs import cross_validation, metrics, runs


@dataclass(frozen=True)
class CheckpointDetails:
    """One kept step of a run: ``bytes`` of all its copies, ``why`` it is kept, in words.

    ``selected``: the result is (or would be) made of its weights. ``complete``: its files are there.
    """

    step: int
    metrics: dict[str, float]
    bytes: int
    created_at: float
    why: str
    selected: bool
    deletable: bool
    complete: bool

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return dict(vars(self))


def list_checkpoints(user_id: str, run_id: str) -> list[CheckpointDetails]:
    """The kept steps of one's own run, the newest first; a later attempt copies earlier steps, which are listed once.

    Raises:
        NotFound: the run is not theirs.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        kept = _by_step(session, run_id)
        selected = _selected(session, run, kept)
    newest = max(kept, default=0)
    return [_details(run, kept[step], newest, selected) for step in sorted(kept, reverse=True)]


def folder_of(user_id: str, run_id: str, step: int) -> tuple[Path, str]:
    """The newest copy of a step of one's own run, and the hash of its manifest.

    Raises:
        NotFound: the run is not theirs, or keeps no such step (any more).
        Conflict: its files are incomplete or changed.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        found = _wanted(_by_step(session, run_id), step)[0]
    folder = storage.recorded_path(found.path)
    if not manifest.holds(folder, found.sha256):
        raise Conflict(
            "checkpoint_damaged",
            _("Step {step} is incomplete or has changed on disk.", step=decimal(step)),
            _("Choose another step."),
        )
    return folder, found.sha256


def remove(user_id: str, run_id: str, step: int) -> None:
    """Delete a checkpoint for good.

    Raises:
        NotFound: the run is not theirs, or keeps no such step.
        Conflict: the run still works, or the step is the one that the result is made of.
    """
    with transaction() as session:
        run = runs.find(session, user_id, run_id, TO_DELETE)
        kept = _by_step(session, run_id)
        copies = _wanted(kept, step)
        if run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", _("This run is still active and may need it."), _("Stop the run first."))
        if step == _selected(session, run, kept):
            raise Conflict(
                "checkpoint_selected",
                _("Step {step} is the best one: the result is made of it, and going on needs it.", step=decimal(step)),
                _("Delete another one, or archive the run."),
            )
        session.execute(delete(Checkpoint).where(Checkpoint.id.in_([copy.id for copy in copies])))
        record(session, user_id, "delete-checkpoint", "run", run_id, data={"step": step})
        folders = [storage.recorded_path(copy.path) for copy in copies]
    for folder in folders:
        if folder.resolve().is_relative_to(storage.run_dir(run_id)):
            shutil.rmtree(folder, ignore_errors=True)


def continue_from(user_id: str, run_id: str, step: int, epochs: float = 1.0, name: str = "") -> Run:
    """Queue a new run that starts from this one's weights, optimizer and data position at a step; this run stays as it is.

    Args:
        epochs: epochs to add, counted from that step.

    Raises:
        NotFound: the run is not theirs, or keeps no such step.
        Conflict: the checkpoint is damaged, the run was cross-validated, or the number of steps per epoch is not known.
        Rejected: more epochs than a run may have.
    """
    run = runs.get_run(user_id, run_id, TO_TRAIN)
    cross_validation.refuse_more(run.spec)
    folder_of(user_id, run_id, step)
    total = _epochs_at(run, step) + epochs
    if not epochs > 0 or total > runs.MAX_EPOCHS:
        raise Rejected(
            "range",
            _("{total} passes in all are asked for.", total=f"{total:g}"),
            _("A run has more than 0 and at most {MAX_EPOCHS}.", MAX_EPOCHS=f"{runs.MAX_EPOCHS:g}"),
            details={"fields": {"epochs": _("at most {MAX_EPOCHS} in all", MAX_EPOCHS=f"{runs.MAX_EPOCHS:g}")}},
        )
    training = {**run.spec["training"], "epochs": round(total, 4)}
    spec = RunSpec.model_validate({**run.spec, "training": training})
    with transaction() as session:
        started = runs.add(
            session, user_id, run.dataset_version, spec, name=name or f"{run.name}, on from step {step:,}"[:200]
        )
        started.job.adjustments = {"start": {"run_id": run_id, "step": step}}
        started.note = f"Goes on from step {step:,} of “{run.name}”."
        new_id = started.id
        record(session, user_id, "continue-from", "run", new_id, data={"run_id": run_id, "step": step})
    return runs.get_run(user_id, new_id)


def _by_step(session: Session, run_id: str) -> dict[int, list[Checkpoint]]:
    """Copies of each step, the newest attempt's first."""
    rows = session.scalars(select(Checkpoint).where(Checkpoint.run_id == run_id).order_by(Checkpoint.fence.desc()))
    kept: dict[int, list[Checkpoint]] = {}
    for row in rows:
        kept.setdefault(row.step, []).append(row)
    return kept


def _wanted(kept: dict[int, list[Checkpoint]], step: int) -> list[Checkpoint]:
    if step not in kept:
        steps = ", ".join(f"{known:,}" for known in sorted(kept)) or _("none")
        raise NotFound(
            "checkpoint_not_found",
            _("This run does not keep step {step}, or not any more.", step=decimal(step)),
            _("A run keeps its newest steps and the best one. Kept now: {steps}.", steps=steps),
        )
    return kept[step]


def _selected(session: Session, run: Run, kept: dict[int, list[Checkpoint]]) -> int | None:
    """The best step: the one in the results, or what the trainer holds for the best so far while there are none."""
    best = (run.results or {}).get("best_step")
    if best is not None:
        return int(best)
    task = task_type(run.task_type)
    found = best_check.best_step(metrics.checks_of(session, run.id), task)
    if found not in kept:
        # A damaged checkpoint was forgotten by the attempt that goes on; the best is chosen among the others.
        scored = {step: copies[0].metrics for step, copies in kept.items()}
        found = best_check.best_step(scored, task)
    return max(kept, default=None) if found is None else found


def _details(run: Run, copies: Sequence[Checkpoint], newest: int, selected_step: int | None) -> CheckpointDetails:
    first = copies[0]
    selected = first.step == selected_step
    return CheckpointDetails(
        step=first.step,
        metrics=first.metrics,
        bytes=sum(copy.bytes for copy in copies),
        created_at=first.created_at,
        why=_why(run, first.step, newest, selected),
        selected=selected,
        deletable=not selected and run.job.state not in ACTIVE_STATES,
        complete=_is_there(first),
    )


def _why(run: Run, step: int, newest: int, selected: bool) -> str:
    if selected and run.job.state == SUCCEEDED:
        return _("the best check; the result is made of it")
    if selected:
        return _("the best check so far")
    return (
        _("the newest; going on starts here") if step == newest else _("the one before, in case the newest is damaged")
    )


def _is_there(row: Checkpoint) -> bool:
    # Hashing gigabytes for a table would take seconds; whether it can be used is checked when it is.
    return (storage.recorded_path(row.path) / manifest.NAME).is_file()


def _epochs_at(run: Run, step: int) -> float:
    """Epochs that the run had completed at a step."""
    total = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps")
    if not total:
        raise Conflict(
            "steps_unknown", _("It is not known how many steps a pass of this run has."), _("Resume the run instead.")
        )
    return step / float(total) * float(run.spec["training"].get("epochs", 3))
