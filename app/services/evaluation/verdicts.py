"""The verdicts on a run: rules over its state, its results and its curves, for all tasks and for classifiers.

The rules read their arguments only. The most severe verdict comes first.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

from app.intervals import overlap, wilson
from app.models import CANCELLED, FAILED, Run
from app.services.evaluation import curve_verdicts, entity_verdicts, forgetting_verdicts, generation_verdicts, remedies
from app.services.evaluation.statistics import PairedTest
from app.services.evaluation.verdict import (
    LINEAR_PROBE,
    MAX_LENGTH_TITLE,
    Points,
    Verdict,
    last_step,
    plateau,
    smoothed,
)

SEVERITIES = ("error", "warning", "good", "info")
# A training loss this many times above its lowest level has diverged; ordinary noise stays below.
DIVERGED_FACTOR = 3.0
# Evaluation loss this share above its lowest value, while the training loss still falls, is overfitting.
OVERFIT_RISE = 0.05
# An interval wider than this (0.10 = ten points of accuracy) cannot settle most questions.
WIDE_INTERVAL = 0.10
# Share of truncated training texts from which they are worth a warning.
TRUNCATED_SHARE = 0.05
# A loss this near zero (nats) rises by chance.
FLOOR_LOSS = 0.01


def assess(run: Run, points: Points, against_base: PairedTest | None = None) -> list[Verdict]:
    """Verdicts on one run, most severe first.

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
        _against_majority,
        partial(_against_base, pair=against_base),
        partial(entity_verdicts.against_base, pair=against_base),
        _too_few_rows,
        _overfitting,
        _stopped_improving,
        _truncated_rows,
        *curve_verdicts.RULES,
        *generation_verdicts.RULES,
        *entity_verdicts.RULES,
        *forgetting_verdicts.RULES,
    )
    found = [verdict for rule in rules if (verdict := rule(run, points))]
    return sorted(found, key=lambda verdict: SEVERITIES.index(verdict.severity))


def _failed(run: Run, points: Points) -> Verdict | None:
    if run.job.state != FAILED:
        return None
    error = (run.job.error or {}).get("error", run.job.error or {})
    step = last_step(points)
    evidence = f"It got as far as step {step}." if step else "It stopped before the first training step."
    tip = error.get("hint") or "The log tab shows the last lines it wrote; retry when the cause is gone."
    return Verdict("error", error.get("message") or "The run failed.", evidence, tip)


def _cancelled(run: Run, points: Points) -> Verdict | None:
    if run.job.state != CANCELLED:
        return None
    step = last_step(points)
    evidence = f"Last recorded step: {step}." if step else "It had not taken a training step."
    return Verdict("info", "This run was stopped on request.", evidence, "Resume continues from the last checkpoint.")


def _not_a_number(run: Run, points: Points) -> Verdict | None:
    for key, title in (
        ("train/loss", "training loss"),
        ("eval/loss", "evaluation loss"),
        ("train/grad_norm", "gradient"),
    ):
        bad = next((step for step, value in _pairs(points, key) if not math.isfinite(value)), None)
        if bad is not None:
            return Verdict(
                "error",
                f"The {title} stopped being a number at step {bad}.",
                "From there on the model learns nothing.",
                "Lower the learning rate, or choose the number format fp32.",
                remedies.scaled_learning_rate(run, points, 1 / 3),
            )
    return None


def _diverged(run: Run, points: Points) -> Verdict | None:
    values = [value for _, value in _pairs(points, "train/loss") if math.isfinite(value)]
    if len(values) < 10:
        return None
    smooth = smoothed(values)
    lowest = min(smooth)
    # A loss near zero triples by chance; only a rise above the first value counts as divergence.
    if smooth[-1] <= max(DIVERGED_FACTOR * lowest, smooth[0]):
        return None
    return Verdict(
        "error",
        "Training diverged.",
        f"The training loss fell to {lowest:.3g} and is now {smooth[-1]:.3g}; it began at {smooth[0]:.3g}.",
        "Stop the run and lower the learning rate, for example to a third.",
        remedies.scaled_learning_rate(run, points, 1 / 3),
    )


def _against_majority(run: Run, points: Points) -> Verdict | None:
    tuned, majority = _accuracy(run), _baseline(run, "majority")
    if tuned is None or majority is None or tuned > majority:
        return None
    return Verdict(
        "error",
        "No better than the majority-class baseline.",
        f"It is right on {_percent(tuned)} of the test rows; always answering the most frequent label reaches "
        f"{_percent(majority)}.",
        "Check that the label column is the right one, then try a higher learning rate or more epochs.",
        remedies.scaled_learning_rate(run, points, 3.0) or remedies.more_epochs(run),
    )


def _against_base(run: Run, points: Points, pair: PairedTest | None = None) -> Verdict | None:
    tuned, base = _accuracy(run), _baseline(run, "linear_probe")
    if tuned is None or base is None:
        return None
    rows = _test_rows(run)
    facts = f"Accuracy {_percent(tuned)} fine-tuned, {_percent(base)} {LINEAR_PROBE}, on {rows:,} test rows"
    apart = pair.verdict == "better" if pair else not overlap(_interval(run), wilson(base, rows))
    if tuned == base == 1:
        return Verdict(
            "info",
            f"The {LINEAR_PROBE} already answers every test row right.",
            f"{facts}; there was nothing left to improve.",
            "Harder test rows would show a difference, such as the questions that people get wrong.",
            remedies.MORE_DATA,
        )
    if tuned <= base:
        return Verdict(
            "warning",
            f"Fine-tuning did not improve on the {LINEAR_PROBE}.",
            f"{facts}.",
            f"Try more epochs or another method; if that does not help, the {LINEAR_PROBE} is enough.",
            remedies.OTHER_METHODS,
        )
    if not apart:
        return Verdict(
            "info",
            f"Slightly better than the {LINEAR_PROBE}, but "
            + ("too few rows differ to be sure." if pair else "the intervals overlap."),
            f"{facts}; the difference may be chance{_rows_apart(pair)}.",
            "More test rows would settle it; the Examples tab shows which rows improved and which got worse.",
            remedies.MORE_DATA,
        )
    return Verdict(
        "good",
        f"Clearly better than the {LINEAR_PROBE}.",
        f"{facts}{_rows_apart(pair) or '; the 95 % intervals do not overlap'}.",
        "Try it on texts of your own."
        if tuned == 1
        else "Look through the wrong answers, then try it on texts of your own.",
    )


def _rows_apart(pair: PairedTest | None) -> str:
    """How many rows speak for the tuned model and how many against it."""
    if pair is None:
        return ""
    return f": {pair.first_only:,} rows only the tuned model got right, {pair.second_only:,} only the base (p = {pair.p_value:.2g})"


def _too_few_rows(run: Run, points: Points) -> Verdict | None:
    if _accuracy(run) is None:
        return None
    low, high = _interval(run)
    if high - low <= WIDE_INTERVAL:
        return None
    return Verdict(
        "warning",
        "Too few test rows to say precisely how good it is.",
        f"With {_test_rows(run):,} test rows the true accuracy lies anywhere between {_percent(low)} and {_percent(high)}.",
        "Add labelled rows, or upload a larger evaluation file of your own.",
        remedies.MORE_DATA,
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
        "warning",
        "Overfitting: the model has begun to memorise the training rows.",
        f"Evaluation loss was lowest at step {best_step:,} ({lowest:.3g}) and rose to {last:.3g}, while the training "
        f"loss kept falling to {smooth[-1]:.3g}.",
        "Fewer epochs, more data or a higher weight decay help; the best checkpoint is kept, not the last.",
        remedies.epochs_until(run, points, best_step),
    )


def _stopped_improving(run: Run, points: Points) -> Verdict | None:
    losses = dict(_pairs(points, "eval/loss"))
    # As the trainer ranks checkpoints: by accuracy, equal ones by the lower loss, then the earliest.
    checks = [(step, (value, -losses.get(step, 0.0))) for step, value in _pairs(points, "eval/accuracy")]
    return plateau(run, checks, lambda rank: f"Accuracy on the validation rows was {_percent(rank[0])}")


def _truncated_rows(run: Run, points: Points) -> Verdict | None:
    results = run.results or {}
    cut, rows = results.get("cut_rows") or 0, results.get("train_rows") or 0
    if not rows or cut / rows < TRUNCATED_SHARE:
        return None
    return Verdict(
        "warning",
        f"{cut:,} of {rows:,} training texts were cut at the end.",
        f"They are longer than the limit of {run.spec['training']['max_length']} tokens.",
        f"Raise “{MAX_LENGTH_TITLE}” if the end of the texts matters.",
        remedies.longer_text(run),
    )


def _accuracy(run: Run) -> float | None:
    found: float | None = (run.results or {}).get("metrics", {}).get("accuracy")
    return found


def _baseline(run: Run, name: str) -> float | None:
    found: float | None = ((run.results or {}).get("baseline", {}).get(name) or {}).get("accuracy")
    return found


def _test_rows(run: Run) -> int:
    return int((run.results or {}).get("test_rows") or 0)


def _interval(run: Run) -> Sequence[float]:
    given: Sequence[float] | None = (run.results or {}).get("intervals", {}).get("accuracy")
    return given or wilson(_accuracy(run) or 0.0, _test_rows(run))


def _pairs(points: Points, key: str) -> list[tuple[int, float]]:
    # A missing value is how JSON carries a loss that is not a number.
    return [(int(step), math.nan if value is None else float(value)) for step, value in points.get(key, ())]


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
