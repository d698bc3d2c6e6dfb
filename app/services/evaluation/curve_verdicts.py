"""Rules over the curves of a run alone: nothing is learned, learning has come to rest, work slows down, a device idles.

Pure, like the other rules; ``verdicts.judge`` calls them. A ``remedy`` is what a new run would change to set it right.
"""

import math
from statistics import median
from typing import Any

from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.verdict import Points, Verdict, last_step, smoothed, verdict

# Fewer points than this are no curve yet.
FEWEST_POINTS = 30
# A loss that ends above this share of where it began has not moved.
UNMOVED = 0.98
# Below this a loss has nothing left to lose (nats per row or token).
LEARNED = 0.05
# A check that gains a point (1 %) in accuracy shows that something is learned.
GAIN = 0.01
# At rest: the second half brings less than this share of what the first half brought.
REST_SHARE = 0.02
SLOW_SHARE = 0.4
IDLE_PERCENT = 40.0
DEVICES = (("system/gpu_percent", "GPU"), ("system/cpu_percent", "processor"))


def learning_rate(run: Run, points: Points) -> float | None:
    """The highest rate that the run used, or the one that was set."""
    used = [value for _, value in points.get("train/learning_rate", ()) if value is not None]
    given = (run.spec.get("training") or {}).get("learning_rate") if run.spec else None
    rate = max(used, default=given)
    return float(rate) if isinstance(rate, float | int) else None


def other_rate(run: Run, points: Points, factor: float) -> dict[str, Any] | None:
    """The remedy of another learning rate, if the present one is known."""
    rate = learning_rate(run, points)
    if rate is None:
        return None
    wanted = float(f"{rate * factor:.2g}")
    return {"words": f"New run with the learning rate {wanted:g}", "training": {"learning_rate": wanted}}


def no_learning(run: Run, points: Points) -> Verdict | None:
    """The loss ends where it began, and no check got better."""
    losses = _values(points, "train/loss")
    if len(losses) < FEWEST_POINTS:
        return None
    smooth = smoothed(losses)
    checks = _values(points, "eval/accuracy") or _values(points, "eval/f1")
    gained = len(checks) > 1 and max(checks) - checks[0] >= GAIN
    unmoved = UNMOVED * smooth[0] < smooth[-1] <= smooth[0] * (2 - UNMOVED)
    if not unmoved or smooth[0] < LEARNED or gained:
        return None
    return verdict(
        "warning",
        "The training loss hardly moves: little is being learned.",
        f"It began at {smooth[0]:.3g} and is {smooth[-1]:.3g} after {last_step(points):,} steps.",
        "A higher learning rate is the first thing to try; then a method that trains more of the model.",
        other_rate(run, points, 3.0),
    )


def at_rest(run: Run, points: Points) -> Verdict | None:
    """The loss fell in the first half and brought nothing more in the second."""
    curve = [
        (step, value) for step, value in points.get("train/loss", ()) if value is not None and math.isfinite(value)
    ]
    if len(curve) < 2 * FEWEST_POINTS:
        return None
    smooth = smoothed([value for _, value in curve])
    middle = len(smooth) // 2
    first, second = smooth[0] - min(smooth[: middle + 1]), min(smooth[: middle + 1]) - min(smooth[middle:])
    # A loss at its floor is the aim, not a plateau.
    if first < 0.1 * smooth[0] or second > REST_SHARE * first or smooth[-1] < LEARNED:
        return None
    step = int(curve[len(curve) // 2][0])
    epochs = (run.spec.get("training") or {}).get("epochs") if run.spec else None
    shorter = {"words": "New run with half the passes", "training": {"epochs": max(1, epochs / 2)}} if epochs else None
    return verdict(
        "info",
        f"The training loss has come to rest since about step {step:,}.",
        f"It fell from {smooth[0]:.3g} to {smooth[middle]:.3g} in the first half and is {smooth[-1]:.3g} now.",
        "More steps of the same kind bring nothing; fewer passes give the same result sooner.",
        shorter,
    )


def slowing_down(run: Run, points: Points) -> Verdict | None:
    """The last steps take much longer than the usual ones."""
    speeds = _values(points, "train/rows_per_second")
    if len(speeds) < FEWEST_POINTS:
        return None
    usual, now = median(speeds), median(speeds[-5:])
    if now >= SLOW_SHARE * usual:
        return None
    return verdict(
        "warning",
        "Training has become much slower.",
        f"{now:,.3g} rows per second at last, {usual:,.3g} in the middle of the run.",
        "Something else may use this machine, or memory runs short; fewer rows per update need less of it.",
        remedies.smaller_updates(run),
    )


def idle_device(run: Run, points: Points) -> Verdict | None:
    """The device that does the work waits most of the time."""
    for key, name in DEVICES:
        used = _values(points, key)
        if not used:
            continue
        # The first steps warm up. Where there is a GPU the processor only feeds it, and may rest.
        if len(used) < FEWEST_POINTS or (usual := median(used[5:])) >= IDLE_PERCENT:
            return None
        rows = (run.spec.get("training") or {}).get("batch_size") if run.spec else None
        more = (
            {"words": f"New run with {2 * rows} rows per update", "training": {"batch_size": 2 * rows}}
            if rows
            else None
        )
        return verdict(
            "info",
            f"The {name} is not kept busy.",
            f"Half of the time it is used to {usual:.0f} % or less.",
            "More rows per update give it more to do at once, if memory allows.",
            more,
        )
    return None


RULES = (no_learning, at_rest, slowing_down, idle_device)


def _values(points: Points, key: str) -> list[float]:
    return [float(value) for _, value in points.get(key, ()) if value is not None and math.isfinite(value)]
