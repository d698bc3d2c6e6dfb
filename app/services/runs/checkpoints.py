"""The checkpoints of a run that are kept: what each is for, training on from one, and making room by deleting one.

A row goes before its folder, so that no row ever names a folder that is gone. Knows no trainer.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import manifest, storage
from app.catalog.spec import RunSpec
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import ACTIVE_STATES, SUCCEEDED, Checkpoint, Run
from app.services.accounts.accounts import record
from app.services.runs import runs


def list_checkpoints(user_id: str, run_id: str) -> list[dict[str, Any]]:
    """What is kept of one's own run, the newest first.

    Returns:
        ``[{"step", "metrics", "bytes", "created_at", "why", "selected", "deletable", "complete"}]``. A later try brings
        copies of earlier steps along; a step is told once, with the bytes of all its copies. ``selected`` marks the one
        whose weights are (or would be) the result.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        kept = _by_step(session, run_id)
    newest = max(kept, default=0)
    chosen = _selected(run, kept)
    return [_told(run, kept[step], newest, chosen) for step in sorted(kept, reverse=True)]


def folder_of(user_id: str, run_id: str, step: int) -> tuple[Path, str]:
    """The newest copy of a step of one's own run, and the hash of its manifest.

    Raises:
        NotFound: the run is not theirs, or keeps no such step (any more).
        Conflict: its files are incomplete or changed.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        found = _wanted(_by_step(session, run_id), step)[0]
    if not _complete(found):
        raise Conflict(
            "checkpoint_damaged", f"Step {step:,} is incomplete or has changed on disk.", "Choose another step."
        )
    return storage.data_dir() / found.path, found.sha256


def remove(user_id: str, run_id: str, step: int) -> None:
    """Delete a checkpoint for good.

    Raises:
        NotFound: the run is not theirs, or keeps no such step.
        Conflict: the run still works, or the step is the one that the result is made of.
    """
    with transaction() as session:
        run = runs.find(session, user_id, run_id)
        kept = _by_step(session, run_id)
        copies = _wanted(kept, step)
        if run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", "This run is still active and may need it.", "Stop the run first.")
        if step == _selected(run, kept):
            raise Conflict(
                "checkpoint_selected",
                f"Step {step:,} is the best one: the result is made of it, and going on needs it.",
                "Delete another one, or archive the run.",
            )
        session.execute(delete(Checkpoint).where(Checkpoint.id.in_([each.id for each in copies])))
        folders = [storage.data_dir() / each.path for each in copies]
    for folder in folders:
        if folder.resolve().is_relative_to(storage.run_dir(run_id)):
            shutil.rmtree(folder, ignore_errors=True)
    record(user_id, "delete-checkpoint", "run", run_id, data={"step": step})


def continue_from(user_id: str, run_id: str, step: int, epochs: float = 1.0, name: str = "") -> Run:
    """Queue a new run that takes up this one's weights, optimiser and place in the data at a step; this one stays.

    Args:
        epochs: passes over the data to add, counted from that step.

    Raises:
        NotFound: the run is not theirs, or keeps no such step.
        Conflict: the checkpoint is damaged, or it is not known how many steps a pass has.
        Rejected: more passes than a run may have.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        newest = _wanted(_by_step(session, run_id), step)[0]
    if not _complete(newest):
        raise Conflict(
            "checkpoint_damaged", f"Step {step:,} is incomplete or has changed on disk.", "Choose another step."
        )
    wanted = _passes_at(run, step) + epochs
    if not epochs > 0 or wanted > runs.MAX_EPOCHS:
        raise Rejected(
            "range",
            f"{wanted:g} passes in all are asked for.",
            f"A run has more than 0 and at most {runs.MAX_EPOCHS:g}.",
            details={"fields": {"epochs": f"at most {runs.MAX_EPOCHS:g} in all"}},
        )
    training = {**run.spec["training"], "epochs": round(wanted, 4)}
    spec = RunSpec.model_validate({**run.spec, "training": training})
    with transaction() as session:
        again = runs.add(
            session, user_id, run.dataset_version, spec, name=name or f"{run.name}, on from step {step:,}"[:200]
        )
        again.job.adjustments = {"start": {"run_id": run_id, "step": step}}
        again.note = f"Goes on from step {step:,} of “{run.name}”."
        new_id = again.id
    record(user_id, "continue-from", "run", new_id, data={"run_id": run_id, "step": step})
    return runs.get_run(user_id, new_id)


def _by_step(session: Session, run_id: str) -> dict[int, list[Checkpoint]]:
    """Copies of each step, the newest try's first."""
    rows = session.scalars(select(Checkpoint).where(Checkpoint.run_id == run_id).order_by(Checkpoint.fence.desc()))
    kept: dict[int, list[Checkpoint]] = {}
    for row in rows:
        kept.setdefault(row.step, []).append(row)
    return kept


def _wanted(kept: dict[int, list[Checkpoint]], step: int) -> list[Checkpoint]:
    if step not in kept:
        steps = ", ".join(f"{each:,}" for each in sorted(kept)) or "none"
        raise NotFound(
            "checkpoint_not_found",
            f"This run does not keep step {step:,}, or not any more.",
            f"A run keeps its newest steps and the best one. Kept now: {steps}.",
        )
    return kept[step]


def _selected(run: Run, kept: dict[int, list[Checkpoint]]) -> int | None:
    """The best step: the one in the results, or as far as the checks tell while there are none."""
    best = (run.results or {}).get("best_step")
    if best is not None:
        return int(best)
    scored = {step: copies[0].metrics for step, copies in kept.items() if copies[0].metrics}
    return max(scored, key=lambda step: (_goodness(scored[step]), -step)) if scored else max(kept, default=None)


def _goodness(metrics: dict[str, float]) -> tuple[float, float]:
    shares = metrics.get("accuracy", metrics.get("f1", -metrics.get("perplexity", float("inf"))))
    return shares, -metrics.get("loss", 0.0)


def _told(run: Run, copies: Sequence[Checkpoint], newest: int, chosen: int | None) -> dict[str, Any]:
    first = copies[0]
    selected = first.step == chosen
    if selected:
        why = "the best check; the result is made of it" if run.job.state == SUCCEEDED else "the best check so far"
    else:
        why = (
            "the newest; going on starts here"
            if first.step == newest
            else "the one before, in case the newest is damaged"
        )
    return {
        "step": first.step,
        "metrics": first.metrics,
        "bytes": sum(each.bytes for each in copies),
        "created_at": first.created_at,
        "why": why,
        "selected": selected,
        "deletable": not selected and run.job.state not in ACTIVE_STATES,
        "complete": _is_there(first),
    }


def _is_there(row: Checkpoint) -> bool:
    # Hashing gigabytes for a table would take seconds; whether it can be used is checked when it is.
    return (storage.data_dir() / row.path / manifest.NAME).is_file()


def _complete(row: Checkpoint) -> bool:
    folder = storage.data_dir() / row.path
    return manifest.holds(folder) and manifest.sha256_of(folder / manifest.NAME) == row.sha256


def _passes_at(run: Run, step: int) -> float:
    """How many passes over the data the run had made at a step."""
    total = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps")
    if not total:
        raise Conflict(
            "steps_unknown", "It is not known how many steps a pass of this run has.", "Resume the run instead."
        )
    return step / float(total) * float(run.spec["training"].get("epochs", 3))
