"""Verdict rules over the curves of a run: underfitting, a loss plateau, a drop of throughput, low device utilisation."""

import math
from collections.abc import Sequence
from statistics import median

from app.catalog.task_types import PRIMARY_SCORES
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.verdict import FLOOR_LOSS, Points, Verdict, finite_values, last_step, smoothed

# A curve with fewer points is not judged.
MIN_POINTS = 30
# A loss that ends above this share of its first value has not moved.
FLAT_SHARE = 0.98
# A gain of one point (1 %) in accuracy shows that something is learned.
MIN_GAIN = 0.01
# Plateau: the second half lowers the loss by less than this share of what the first half did.
PLATEAU_SHARE = 0.02
SLOW_SHARE = 0.4
IDLE_PERCENT = 40.0
DEVICES = (("system/gpu_percent", "GPU"), ("system/cpu_percent", "CPU"))
# All programs together: a run that waits for others leaves no core idle.
ALL_PROGRAMS = "system/cpu_percent_of_all"


def no_learning(run: Run, points: Points) -> Verdict | None:
    """The loss ends where it began, and no check got better."""
    losses = finite_values(points, "train/loss")
    if len(losses) < MIN_POINTS:
        return None
    smooth = smoothed(losses)
    keys = (f"eval/{score.key}" for score in PRIMARY_SCORES if score.unit == "share")
    checks = next((values for key in keys if (values := finite_values(points, key))), [])
    gained = len(checks) > 1 and max(checks) - checks[0] >= MIN_GAIN
    is_flat = FLAT_SHARE * smooth[0] < smooth[-1] <= smooth[0] * (2 - FLAT_SHARE)
    if not is_flat or smooth[0] < FLOOR_LOSS or gained:
        return None
    return Verdict(
        "warning",
        _("Underfitting: the training loss hardly moves."),
        _(
            "It began at {smooth_0} and is {smooth} after {last_step} steps.",
            smooth_0=localized(f"{smooth[0]:.3g}"),
            smooth=localized(f"{smooth[-1]:.3g}"),
            last_step=decimal(last_step(points)),
        ),
        _("A higher learning rate is the first thing to try; then a method that trains more of the model."),
        remedies.scaled_learning_rate(run, points, 3.0),
    )


def loss_plateau(run: Run, points: Points) -> Verdict | None:
    """The loss fell in the first half and hardly in the second."""
    curve = [
        (step, value) for step, value in points.get("train/loss", ()) if value is not None and math.isfinite(value)
    ]
    if len(curve) < 2 * MIN_POINTS:
        return None
    smooth = smoothed([value for _, value in curve])
    middle = len(smooth) // 2
    first, second = smooth[0] - min(smooth[: middle + 1]), min(smooth[: middle + 1]) - min(smooth[middle:])
    # A loss at its floor is the aim, not a plateau.
    if first < 0.1 * smooth[0] or second > PLATEAU_SHARE * first or smooth[-1] < FLOOR_LOSS:
        return None
    step = int(curve[len(curve) // 2][0])
    return Verdict(
        "info",
        _("The training loss has plateaued since about step {step}.", step=decimal(step)),
        _(
            "It fell from {smooth_0} to {smooth} in the first half and is {smooth_2} now.",
            smooth_0=localized(f"{smooth[0]:.3g}"),
            smooth=localized(f"{smooth[middle]:.3g}"),
            smooth_2=localized(f"{smooth[-1]:.3g}"),
        ),
        _("More steps of the same kind bring nothing; fewer epochs give the same result sooner."),
        remedies.half_the_epochs(run),
    )


def throughput_drop(run: Run, points: Points) -> Verdict | None:
    """The last steps take much longer than the median step."""
    speeds = finite_values(points, "train/rows_per_second")
    if len(speeds) < MIN_POINTS:
        return None
    usual, now = median(speeds), median(speeds[-5:])
    if now >= SLOW_SHARE * usual:
        return None
    return Verdict(
        "warning",
        _("Throughput dropped: training has become much slower."),
        _(
            "{now} rows per second at last, {usual} in the middle of the run.",
            now=localized(f"{now:,.3g}"),
            usual=localized(f"{usual:,.3g}"),
        ),
        _("Something else may use this machine, or memory runs short; a smaller batch size needs less of it."),
        remedies.smaller_batches(run),
    )


def low_utilisation(run: Run, points: Points) -> Verdict | None:
    """The device that does the work waits most of the time."""
    for key, name in DEVICES:
        used = finite_values(points, key)
        if not used:
            continue
        # The first steps warm up. With a GPU the CPU only feeds it, so the GPU alone is judged.
        if len(used) < MIN_POINTS or (usual := median(used[5:])) >= IDLE_PERCENT:
            return None
        if name == "CPU" and not _is_idle(finite_values(points, ALL_PROGRAMS)):
            return None
        return Verdict(
            "info",
            _("Low {name} utilisation.", name=name),
            _(
                "Half of the time the {name} is used to {usual} % or less.",
                name=name,
                usual=decimal(usual, grouped=False),
            ),
            _("A larger batch size gives it more to do at once, if memory allows."),
            remedies.larger_batches(run),
        )
    return None


def _is_idle(busy: Sequence[float]) -> bool:
    """Whether the cores are idle, and not at work for other programs; unknown counts as at work."""
    return len(busy) >= MIN_POINTS and median(busy[5:]) < IDLE_PERCENT


RULES = (no_learning, loss_plateau, throughput_drop, low_utilisation)
