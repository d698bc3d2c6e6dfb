"""The verdicts on a run: rules over its state, its results and its curves, for all tasks and for classifiers.

The rules read their arguments only. The most severe verdict comes first. The sentence above them is
:mod:`app.services.evaluation.headline`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from app.catalog.task_types import task_type
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import CANCELLED, FAILED, RUNNING, SUCCEEDED, Run
from app.services.evaluation import (
    curve_verdicts,
    entity_verdicts,
    forgetting_verdicts,
    generation_verdicts,
    headline,
    label_verdicts,
    probe_verdicts,
    remedies,
    score_verdicts,
)
from app.services.evaluation.headline import Headline
from app.services.evaluation.statistics import PairedTest
from app.services.evaluation.verdict import (
    MAX_LENGTH_TITLE,
    Points,
    Verdict,
    has_diverged,
    last_step,
    longer_text_tip,
    plateau,
    smoothed,
)

SEVERITIES = ("error", "warning", "good", "info")
# Evaluation loss this share above its lowest value, while the training loss still falls, is overfitting.
OVERFIT_RISE = 0.05
# Share of truncated training texts from which they are worth a warning.
TRUNCATED_SHARE = 0.05
# A loss this near zero (nats) rises by chance.
FLOOR_LOSS = 0.01


def assess(run: Run, points: Points, against_base: PairedTest | None = None) -> list[Verdict]:
    """Verdicts on one run, most severe first; those that matter little beside its sentence are marked as minor.

    Args:
        run: with its job loaded; ``results`` may be empty while it works.
        points: key -> list of (step, value) by rising step, as ``metrics.series_of`` returns them.
        against_base: fine-tuned and base model on the same test rows; without it overlapping intervals decide.
    """
    rules: tuple[Callable[[Run, Points], Verdict | None], ...] = (
        _failed,
        _cancelled,
        _not_a_number,
        _diverged,
        partial(label_verdicts.against_base, pair=against_base),
        partial(entity_verdicts.against_base, pair=against_base),
        partial(score_verdicts.against_base, pair=against_base),
        probe_verdicts.kept,
        _leaking,
        _overfitting,
        _stopped_improving,
        _truncated_rows,
        *label_verdicts.RULES,
        *curve_verdicts.RULES,
        *generation_verdicts.RULES,
        *entity_verdicts.RULES,
        *score_verdicts.RULES,
        *forgetting_verdicts.RULES,
    )
    found = [verdict for rule in rules if (verdict := rule(run, points))]
    ordered = sorted(found, key=lambda verdict: SEVERITIES.index(verdict.severity))
    return mark_minor(ordered, headline.headline(run.job.state, run.results))


def mark_minor(found: Sequence[Verdict], sentence: Headline | None) -> list[Verdict]:
    """The same verdicts, marked as minor where they matter little beside the sentence of a finished run."""
    return [replace(verdict, minor=_is_minor(verdict, sentence)) for verdict in found]


def _is_minor(verdict: Verdict, sentence: Headline | None) -> bool:
    """Notes on a finished run, and warnings on one that is good enough."""
    if sentence is None or verdict.major:
        return False
    folded = ("info", "warning") if sentence.conclusion == "good_enough" else ("info",)
    return verdict.severity in folded


def _failed(run: Run, points: Points) -> Verdict | None:
    if run.job.state != FAILED:
        return None
    error = (run.job.error or {}).get("error", run.job.error or {})
    step = last_step(points)
    evidence = (
        _("It got as far as step {step}.", step=step) if step else _("It stopped before the first training step.")
    )
    tip = error.get("hint") or _("The log tab shows the last lines it wrote; retry when the cause is gone.")
    return Verdict("error", error.get("message") or _("The run failed."), evidence, tip)


def _cancelled(run: Run, points: Points) -> Verdict | None:
    if run.job.state != CANCELLED:
        return None
    step = last_step(points)
    evidence = _("Last recorded step: {step}.", step=step) if step else _("It had not taken a training step.")
    return Verdict(
        "info", _("This run was stopped on request."), evidence, _("Resume continues from the last checkpoint.")
    )


def _not_a_number(run: Run, points: Points) -> Verdict | None:
    for key, title in (
        ("train/loss", _("training loss")),
        ("eval/loss", _("evaluation loss")),
        ("train/grad_norm", "gradient"),
    ):
        bad = next((step for step, value in _pairs(points, key) if not math.isfinite(value)), None)
        if bad is not None:
            return Verdict(
                "error",
                _("The {title} stopped being a number at step {bad}.", title=title, bad=bad),
                _("From there on the model learns nothing."),
                _("Lower the learning rate, or choose the number format fp32."),
                remedies.lower_learning_rate(run, points),
            )
    return None


def _diverged(run: Run, points: Points) -> Verdict | None:
    if not has_diverged(points):
        return None
    values = [value for _, value in _pairs(points, "train/loss") if math.isfinite(value)]
    smooth = smoothed(values)
    lowest = min(smooth)
    return Verdict(
        "error",
        _("Training diverged."),
        _(
            "The training loss fell to {lowest} and is now {smooth}; it began at {smooth_0}.",
            lowest=localized(f"{lowest:.3g}"),
            smooth=localized(f"{smooth[-1]:.3g}"),
            smooth_0=localized(f"{smooth[0]:.3g}"),
        ),
        _("Stop the run and lower the learning rate, for example to a third.")
        if run.job.state == RUNNING
        else _("Lower the learning rate, for example to a third."),
        remedies.lower_learning_rate(run, points),
    )


def _leaking(run: Run, points: Points) -> Verdict | None:
    leaking = headline.leaking_rows(run.results or {})
    if not leaking:
        return None
    return Verdict(
        "warning",
        _("Data leakage: {leaking} test rows are copies of training rows, or nearly.", leaking=decimal(leaking)),
        _(
            "They are {leaking} of {rows} test rows. A model can answer them by memory, so new texts may do worse.",
            leaking=decimal(leaking),
            rows=decimal(_test_rows(run)),
        ),
        _("Leave them out of one of the two files; the data report lists them."),
        remedies.CHECK_DATA,
        major=True,
    )


def _overfitting(run: Run, points: Points) -> Verdict | None:
    checks = [(step, value) for step, value in _pairs(points, "eval/loss") if math.isfinite(value)]
    train = [value for _, value in _pairs(points, "train/loss") if math.isfinite(value)]
    if len(checks) < 2 or len(train) < 10:
        return None
    best_step, lowest = min(checks, key=lambda check: check[1])
    last = checks[-1][1]
    smooth = smoothed(train)
    still_falling = smooth[-1] < smooth[len(smooth) // 2]
    if last <= lowest * (1 + OVERFIT_RISE) or last < FLOOR_LOSS or not still_falling:
        return None
    return Verdict(
        # The best checkpoint is kept, so a finished run has lost nothing but time.
        "info" if run.job.state == SUCCEEDED else "warning",
        _("Overfitting: the model has begun to memorise the training rows."),
        _(
            "Evaluation loss was lowest at step {best_step} ({lowest}) and rose to {last}, while the training loss kept falling to {smooth}.",
            best_step=decimal(best_step),
            lowest=localized(f"{lowest:.3g}"),
            last=localized(f"{last:.3g}"),
            smooth=localized(f"{smooth[-1]:.3g}"),
        ),
        _("Fewer epochs, more data or a higher weight decay help; the best checkpoint is kept, not the last."),
        remedies.epochs_until(run, points, best_step) or remedies.scaled_learning_rate(run, points, 1 / 3),
    )


def _stopped_improving(run: Run, points: Points) -> Verdict | None:
    if task_type(run.task_type).answer_form != "label":
        return None
    return plateau(
        run, points, lambda value: _("Accuracy on the validation rows was {percent}", percent=headline.percent(value))
    )


def _truncated_rows(run: Run, points: Points) -> Verdict | None:
    results = run.results or {}
    cut, rows = results.get("cut_rows") or 0, results.get("train_rows") or 0
    if not rows or cut / rows < TRUNCATED_SHARE:
        return None
    return Verdict(
        "warning",
        _("{cut} of {rows} training texts were cut at the end.", cut=decimal(cut), rows=decimal(rows)),
        _("They are longer than the limit of {max_length} tokens.", max_length=run.spec["training"]["max_length"]),
        longer_text_tip(run, _("Raise “{setting}” if the end of the texts matters.", setting=_(MAX_LENGTH_TITLE))),
        remedies.longer_text(run),
    )


def _test_rows(run: Run) -> int:
    return int((run.results or {}).get("test_rows") or 0)


def _pairs(points: Points, key: str) -> list[tuple[int, float]]:
    # A missing value is how JSON carries a loss that is not a number.
    return [(int(step), math.nan if value is None else float(value)) for step, value in points.get(key, ())]
