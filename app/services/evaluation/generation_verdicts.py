"""What the numbers of a run that writes text mean in plain words: rules for :mod:`app.services.evaluation.verdicts`. Pure."""

import math

from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.curve_verdicts import other_rate
from app.services.evaluation.verdict import Points, Verdict, verdict, without_gain

# A perplexity this near to 1 means that the held-out answers are known by heart.
BY_HEART = 1.05


def against_base(run: Run, points: Points) -> Verdict | None:
    """The change of the loss per token on the same rows, with its interval."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("perplexity")
    base = ((results.get("baseline") or {}).get("untouched") or {}).get("perplexity")
    change = (results.get("change") or {}).get("interval")
    if tuned is None or base is None or not change:
        return None
    facts = f"Perplexity {_plain(tuned)} after tuning, {_plain(base)} before, on {int(results.get('test_rows') or 0):,} held-out rows"
    if change[1] < 0:
        return verdict(
            "good",
            "Clearly better than the untouched base model.",
            f"{facts}; the 95 % interval of the change lies below zero.",
            "Read the answers side by side, then talk to it in the playground.",
        )
    if change[0] > 0:
        return verdict(
            "warning",
            "Tuning made the model worse on rows that it has not seen.",
            f"{facts}.",
            "Lower the learning rate to a third, or choose fewer passes.",
            other_rate(run, points, 1 / 3),
        )
    return verdict(
        "info",
        "Cannot be told apart from the untouched base model.",
        f"{facts}; the difference may be chance.",
        "More passes, a higher learning rate or more rows may help.",
        remedies.more_passes(run),
    )


def by_heart(run: Run, points: Points) -> Verdict | None:
    """Held-out answers that cost nothing any more were probably seen while training."""
    tuned = ((run.results or {}).get("metrics") or {}).get("perplexity")
    if tuned is None or tuned > BY_HEART:
        return None
    return verdict(
        "warning",
        "The held-out answers are almost known by heart.",
        f"Perplexity is {tuned:.3f}; 1 means that every word was certain.",
        "Check that the held-out rows are not copies of training rows, or that all answers are not the same.",
        remedies.LOOK_AT_DATA,
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks brought nothing."""
    checks = [
        (int(step), -value) for step, value in points.get("eval/perplexity", ()) if value and math.isfinite(value)
    ]
    return without_gain(run, checks, lambda rank: f"Perplexity on the validation rows was {-rank:.3g}")


def left_out(run: Run, points: Points) -> Verdict | None:
    """Rows that were cut before anything that could be learned."""
    lost = int((run.results or {}).get("left_out_rows") or 0)
    if not lost:
        return None
    return verdict(
        "warning",
        f"{lost:,} rows could not be used: their answers begin after the longest text.",
        f"The limit is {run.spec['training']['max_length']} tokens.",
        "Raise “Longest text”, or shorten the questions.",
        remedies.longer_text(run),
    )


RULES = (against_base, by_heart, stopped_improving, left_out)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
