"""One verdict on a run: what it is made of, and what the rules for every kind of task have in common. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from app.models import SUCCEEDED, Run
from app.services.evaluation import remedies

Points = Mapping[str, Sequence[Sequence[float]]]
Verdict = dict[str, Any]
Rank = TypeVar("Rank", float, tuple[float, float])

# With fewer checks a pause says nothing yet, and one check without gain is chance.
FEWEST_CHECKS = 3
LATER_CHECKS = 2


def verdict(severity: str, title: str, evidence: str, tip: str, remedy: dict[str, Any] | None = None) -> Verdict:
    """A verdict as the run page shows it.

    Args:
        severity: "good", "info", "warning" or "error".
        evidence: the numbers behind the title.
        tip: what to do, in words.
        remedy: the same as one click; see :mod:`app.services.evaluation.remedies`.
    """
    return {"severity": severity, "title": title, "evidence": evidence, "tip": tip, "remedy": remedy}


def without_gain(run: Run, checks: Sequence[tuple[int, Rank]], quality: Callable[[Rank], str]) -> Verdict | None:
    """Later checks brought nothing.

    Args:
        checks: step and rank of each; the highest rank is the best, of equal ones the first.
        quality: the best rank in words, such as "Accuracy on the validation rows was 90 %".
    """
    if len(checks) < FEWEST_CHECKS:
        return None
    best_step, best = max(checks, key=lambda check: (check[1], -check[0]))
    later = sum(step > best_step for step, _ in checks)
    # Where scores are close the trainer goes by the loss; then it improved until the step that it kept.
    if later < LATER_CHECKS or ((run.results or {}).get("best_step") or 0) > best_step:
        return None
    done = run.job.state == SUCCEEDED
    return verdict(
        "info",
        f"Evaluation stopped improving at step {best_step:,}; the best checkpoint is kept.",
        f"{quality(best)} there; {later} later checks were not better.",
        "Fewer passes would save time." if done else "Stopping now keeps the best checkpoint.",
        remedies.with_patience(),
    )


def last_step(points: Points) -> int:
    """The last step that any curve reached; 0 before the first."""
    return max((int(pairs[-1][0]) for pairs in points.values() if pairs), default=0)


def smoothed(values: Sequence[float]) -> list[float]:
    """Means over tenths of a curve: single batches jump too much to be judged."""
    width = max(1, len(values) // 10)
    return [sum(part) / len(part) for at in range(0, len(values), width) if (part := values[at : at + width])]
