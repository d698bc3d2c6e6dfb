"""Verdict rules for runs that generate text."""

import math

from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.verdict import MAX_LENGTH_TITLE, Points, Verdict, plateau

# A perplexity this near to 1 on held-out rows means that their answers are memorised.
MEMORISED_PERPLEXITY = 1.05


def against_base(run: Run, points: Points) -> Verdict | None:
    """The change of the loss per token on the same rows, with its interval."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("perplexity")
    base = ((results.get("baseline") or {}).get("untouched") or {}).get("perplexity")
    change = (results.get("change") or {}).get("interval")
    if tuned is None or base is None or not change:
        return None
    facts = f"Perplexity {_short(tuned)} after tuning, {_short(base)} before, on {int(results.get('test_rows') or 0):,} held-out rows"
    if change[1] < 0:
        return Verdict(
            "good",
            "Clearly better than the base model.",
            f"{facts}; the 95 % interval of the change lies below zero.",
            "Read the answers side by side, then talk to it in the playground.",
        )
    if change[0] > 0:
        return Verdict(
            "warning",
            "Tuning made the model worse on held-out rows.",
            f"{facts}.",
            "Lower the learning rate to a third, or choose fewer epochs.",
            remedies.scaled_learning_rate(run, points, 1 / 3),
        )
    return Verdict(
        "info",
        "No significant difference from the base model.",
        f"{facts}; the difference may be chance.",
        "More epochs, a higher learning rate or more rows may help.",
        remedies.more_epochs(run),
    )


def memorised(run: Run, points: Points) -> Verdict | None:
    """Held-out answers with almost no loss were probably seen while training."""
    tuned = ((run.results or {}).get("metrics") or {}).get("perplexity")
    if tuned is None or tuned > MEMORISED_PERPLEXITY:
        return None
    return Verdict(
        "warning",
        "Possible data leakage: the held-out answers are almost known by heart.",
        f"Perplexity is {tuned:.3f}; 1 means that every token was certain.",
        "Check that the held-out rows are not copies of training rows, or that all answers are not the same.",
        remedies.CHECK_DATA,
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks of the perplexity brought nothing."""
    checks = [
        (int(step), -value) for step, value in points.get("eval/perplexity", ()) if value and math.isfinite(value)
    ]
    return plateau(run, checks, lambda rank: f"Perplexity on the validation rows was {-rank:.3g}")


def left_out(run: Run, points: Points) -> Verdict | None:
    """Rows that were truncated before the first token of their answer."""
    lost = int((run.results or {}).get("left_out_rows") or 0)
    if not lost:
        return None
    return Verdict(
        "warning",
        f"{lost:,} rows could not be used: their answers begin beyond the maximum length.",
        f"The limit is {run.spec['training']['max_length']} tokens.",
        f"Raise “{MAX_LENGTH_TITLE}”, or shorten the questions.",
        remedies.longer_text(run),
    )


RULES = (against_base, memorised, stopped_improving, left_out)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
