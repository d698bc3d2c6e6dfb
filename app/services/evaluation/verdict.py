"""The verdict type and what the verdict rules of all tasks share."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.catalog import best_check
from app.catalog.task_types import task_type
from app.catalog.training import TrainingSettings
from app.languages import decimal, gettext_noop, localized
from app.languages import gettext as _
from app.models import SUCCEEDED, Run
from app.services.evaluation import remedies
from app.services.evaluation.remedies import VerdictRemedy

Points = Mapping[str, Sequence[Sequence[float]]]
Severity = Literal["good", "info", "warning", "error"]

# With fewer checks a plateau cannot be seen, and one check without gain is chance.
MIN_CHECKS = 3
MIN_LATER_CHECKS = 2
# A training loss this many times above its lowest level has diverged; ordinary noise stays below.
DIVERGED_FACTOR = 3.0
# Curves of fewer points are judged point by point; with fewer than four there is no verdict.
MIN_SMOOTHED = 10
MIN_LOSSES = 4
# A loss (nats) below this is near zero and rises by chance.
FLOOR_LOSS = 0.05
# The baseline of classifiers and taggers.
LINEAR_PROBE = gettext_noop("linear probe on the base model")
# What the form calls the maximum length.
MAX_LENGTH_TITLE = TrainingSettings.model_fields["max_length"].title or ""


@dataclass(frozen=True)
class Verdict:
    """What the numbers of a run mean.

    Attributes:
        evidence: the numbers behind the title.
        tip: what to do, in words.
        remedy: the same as one click.
        major: always shown in full, however good the run is.
        minor: folded away under a finished run's sentence; set where all verdicts of a run are known.
    """

    severity: Severity
    title: str
    evidence: str
    tip: str
    remedy: VerdictRemedy | None = None
    major: bool = False
    minor: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {
            "severity": self.severity,
            "title": self.title,
            "evidence": self.evidence,
            "tip": self.tip,
            "remedy": self.remedy.as_dict() if self.remedy else None,
            "minor": self.minor,
        }


def plateau(run: Run, points: Points, quality: Callable[[float], str]) -> Verdict | None:
    """Evaluation stopped improving, by the rule that the trainer chooses the checkpoint with.

    Args:
        quality: the task's metric at the best check in words, such as "Accuracy on the validation rows was 90 %".
    """
    task = task_type(run.task_type)
    checks = _checks(points, task.primary_metric)
    best_step = (run.results or {}).get("best_step")
    if best_step is None:
        best_step = best_check.best_step(checks, task)
    later = sum(step > (best_step or 0) for step in checks)
    # Of the check before the first step `probe_verdicts.kept` says what it means.
    if len(checks) < MIN_CHECKS or later < MIN_LATER_CHECKS or not best_step or best_step not in checks:
        return None
    done = run.job.state == SUCCEEDED
    return Verdict(
        "info",
        _(
            "Evaluation stopped improving at step {best_step}; the best checkpoint is kept.",
            best_step=decimal(best_step),
        ),
        _(
            "{quality} there; {later} later checks were not better.",
            quality=quality(checks[best_step][task.primary_metric]),
            later=later,
        ),
        _("Fewer epochs would save time.") if done else _("Stopping now keeps the best checkpoint."),
        remedies.early_stopping(),
    )


def _checks(points: Points, metric: str) -> dict[int, dict[str, float]]:
    """Metric and loss of every check that has the metric as a number, by step; a loss that was not stored counts as equal."""
    losses = dict(finite_points(points, "eval/loss"))
    return {
        step: {metric: value, "loss": losses.get(step, 0.0)} for step, value in finite_points(points, f"eval/{metric}")
    }


def longer_text_tip(run: Run, tip: str) -> str:
    """The tip to raise the maximum length, or what helps where the base model reads no longer texts."""
    if remedies.longer_text(run):
        return tip
    return _(
        "This base model reads no more than {length} tokens: put what matters first, split the texts, or choose one that reads more.",
        length=decimal(remedies.readable_length(run)),
    )


def last_step(points: Points) -> int:
    """The last step of any curve; 0 before the first."""
    return max((int(pairs[-1][0]) for pairs in points.values() if pairs), default=0)


def has_diverged(points: Points) -> bool:
    """Whether the training loss ends far above its lowest level and above where it began.

    A loss near zero triples by chance, so a rise must also pass the first value. Of a run of a few steps the whole second
    half must lie :data:`DIVERGED_FACTOR` times above the first value: one batch can be that much harder.
    """
    values = finite_values(points, "train/loss")
    if len(values) >= MIN_SMOOTHED:
        smooth = smoothed(values)
        return smooth[-1] > max(DIVERGED_FACTOR * min(smooth), smooth[0])
    later = values[len(values) // 2 :]
    return len(values) >= MIN_LOSSES and min(later) > DIVERGED_FACTOR * max(values[0], FLOOR_LOSS)


def finite_values(points: Points, key: str) -> list[float]:
    """The values of one curve that are numbers, by rising step."""
    return [value for _, value in finite_points(points, key)]


def finite_points(points: Points, key: str) -> list[tuple[int, float]]:
    """Step and value of the points of one curve that are numbers, by rising step."""
    return [
        (int(step), float(value)) for step, value in points.get(key, ()) if value is not None and math.isfinite(value)
    ]


def listed_recalls(scores: Sequence[Mapping[str, Any]]) -> str:
    """Labels or entity types with recall and number of rows, at most four: ``a (10% of 20), b (0% of 7)``."""
    return ", ".join(
        _(
            "{label} ({recall} of {count})",
            label=score["label"],
            recall=localized(f"{score['recall']:.0%}"),
            count=decimal(score["count"]),
        )
        for score in scores[:4]
    )


def low_recall(missed: Sequence[Mapping[str, Any]]) -> Verdict | None:
    """Labels of which most rows are not found; None where there is no such label."""
    if not missed:
        return None
    return Verdict(
        "warning",
        _("Low recall: some labels are mostly missed."),
        _("Found: {listed}.", listed=listed_recalls(missed)),
        _("Add rows with these labels; the Labels tab has the scores of each."),
        remedies.MORE_DATA,
        major=True,
    )


def smoothed(values: Sequence[float]) -> list[float]:
    """Means over tenths of a curve: single batches are too noisy to be judged."""
    width = max(1, len(values) // 10)
    return [sum(part) / len(part) for at in range(0, len(values), width) if (part := values[at : at + width])]
