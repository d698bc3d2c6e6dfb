"""k-fold cross-validation as one run: k models that answer the rows that they did not see, then one that learns from all rows.

Each fold is an ordinary training on other splits, with the same settings. What a fold answered is one file, which appears complete,
so that a later attempt repeats no finished fold and goes on with the checkpoints of the one that was interrupted.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from accelerate import PartialState

from app import files, manifest
from app.catalog.task_types import task_type
from app.intervals import pooled_variance_factor
from app.run_report import Report
from worker.engine.loop import folds as fold_plans
from worker.engine.loop.checkpoint_identity import differences, identify
from worker.engine.loop.finalize import PhaseClock
from worker.engine.loop.folds import Split
from worker.engine.loop.schedule import plan
from worker.engine.loop.train import FoldAnswers, conclude, fit, test
from worker.engine.reporting.fold_report import FoldReport, TrainingReport
from worker.engine.reporting.results import CrossValidation
from worker.engine.runtime.distributed import broadcast_object
from worker.engine.runtime.memory import release
from worker.engine.runtime.training_job import TrainingJob

FOLDER, SPLITS_FILE, ANSWERS_FILE = "folds", "splits.json", "answers.json"


@dataclass(frozen=True)
class FoldResult:
    """What one fold found: answers as its family gives them, its score and the step of its best check, seconds of training."""

    held_out: dict[str, Any]
    rows: int
    score: float
    best_step: int
    seconds: float
    identity: dict[str, str]
    first_step_at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything that still holds in another process."""
        return {name: value for name, value in vars(self).items() if name != "first_step_at"}


def cross_validate(job: TrainingJob, report: Report) -> dict[str, Any]:
    """Train every fold, then the model that is kept; leaves and returns what :func:`worker.engine.loop.train.train` does.

    ``result.json`` has scores over the pooled held-out rows, and ``cross_validation``.

    Raises:
        Stopped: the run was asked to stop; the finished folds and the last checkpoint are on disk.
        StudioError: the data or settings cannot work, or a training diverged.
    """
    splits = _plan(job)
    steps = [plan(job.spec, job.base, len(split["train"])).total for split in splits]
    clock = PhaseClock(report)
    found = [_fold(job, splits, steps, part, report, clock) for part in range(1, len(splits))]
    clock.report = TrainingReport(report, len(splits), steps)
    kept = all_rows_job(_with_time_left(job, sum(result.seconds for result in found)))
    return conclude(fit(kept, clock.report, clock), clock, _pooled(found))


def all_rows_job(job: TrainingJob) -> TrainingJob:
    """The job of the model that is kept, which learns from the test rows too; a job without cross-validation as it is."""
    if not job.spec.training.cross_validation_folds:
        return job
    split = fold_plans.all_rows_split(fold_plans.read_splits(job.splits))
    return replace(job, splits=_write_split(job.folder / SPLITS_FILE, split))


def _plan(job: TrainingJob) -> list[Split]:
    """The splits of every training, those of the folds first."""
    spec, own = job.spec, fold_plans.read_splits(job.splits)
    groups = fold_plans.read_groups(job.rows, job.splits, task_type(spec.task_type), spec.columns)
    folds = fold_plans.fold_splits(groups, own, spec.training.cross_validation_folds, spec.training.seed)
    return [*folds, fold_plans.all_rows_split(own)]


def _fold(
    job: TrainingJob, splits: Sequence[Split], steps: Sequence[int], part: int, report: Report, clock: PhaseClock
) -> FoldResult:
    """Train one fold and answer its rows, or take over what an earlier attempt found."""
    known = broadcast_object(_finished(job, part))
    folder = job.folder / FOLDER / f"fold-{part}"
    if known:
        _keep(folder, FoldResult(**known))
        return FoldResult(**known)
    primary = task_type(job.spec.task_type).primary_metric
    clock.report = FoldReport(report, part, steps, ("eval/loss", f"eval/{primary}"))
    trained = fit(_fold_job(job, splits, part, folder), clock.report, clock)
    family, state = trained.family, trained.state
    held_out: dict[str, Any] = {}
    score = 0.0
    if family.accelerator.is_main_process:
        test(trained, clock)
        held_out, score = family.held_out(), family.results().metrics[primary]
    result = FoldResult(
        held_out,
        len(splits[part - 1]["test"]),
        score,
        state.best_step or 0,
        state.seconds,
        identify(job.spec, job.base),
        trained.first_step_at,
    )
    if family.accelerator.is_main_process:
        _keep(folder, result)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    del trained, family
    release()
    return result


def _fold_job(job: TrainingJob, splits: Sequence[Split], part: int, folder: Path) -> TrainingJob:
    """The job of a fold: the same settings on its own rows; what only the model that is kept needs is left out."""
    training = job.spec.training.model_copy(update={"measure_forgetting": "no"})
    return replace(
        job,
        spec=job.spec.model_copy(update={"training": training}),
        splits=_write_split(folder / SPLITS_FILE, splits[part - 1]),
        folder=folder,
        # Rows of a fold are of no use to other runs.
        cache=None,
        resume_from=_newest_checkpoint(job, part),
    )


def _with_time_left(job: TrainingJob, seconds: float) -> TrainingJob:
    """The job with what the folds have left of the longest training that is allowed."""
    return replace(job, max_seconds=max(1.0, job.max_seconds - seconds) if job.max_seconds else None)


def _pooled(found: Sequence[FoldResult]) -> FoldAnswers:
    rows = [result.rows for result in found]
    facts = CrossValidation(
        folds=len(found),
        rows=sum(rows),
        fold_rows=rows,
        best_steps=[result.best_step for result in found],
        scores=[result.score for result in found],
        factor=pooled_variance_factor(len(found)),
    )
    return FoldAnswers(
        [result.held_out for result in found],
        facts,
        sum(result.seconds for result in found),
        next((result.first_step_at for result in found if result.first_step_at), None),
    )


def _finished(job: TrainingJob, part: int) -> dict[str, Any] | None:
    """What an earlier attempt found in this fold with the same data, settings and libraries."""
    now = identify(job.spec, job.base)
    for attempt in job.earlier_attempts:
        path = attempt / FOLDER / f"fold-{part}" / ANSWERS_FILE
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_bytes())
            if not differences(found["identity"], now):
                return found
    return None


def _newest_checkpoint(job: TrainingJob, part: int) -> Path | None:
    """The newest whole checkpoint of a fold in which an earlier attempt was interrupted."""
    found = [
        checkpoint
        for attempt in job.earlier_attempts
        for checkpoint in (attempt / FOLDER / f"fold-{part}" / "checkpoints").glob("step-*")
    ]
    newest_first = sorted(found, key=lambda path: int(path.name.partition("-")[2]), reverse=True)
    return next((path for path in newest_first if manifest.holds(path)), None)


def _keep(folder: Path, result: FoldResult) -> None:
    if PartialState().is_main_process and not (folder / ANSWERS_FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(folder / ANSWERS_FILE, result.as_json())


def _write_split(path: Path, split: Mapping[str, Sequence[int]]) -> Path:
    """Every process of a group writes the same content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, dict(split))
    return path
