"""How a loss of what the base model knew is judged, and when measuring it is cheap enough to be done by default.

Methods of equal accuracy differ several times in what they forget, hence the limits.
"""

from collections.abc import Sequence

# A measurement takes two passes over its texts; up to this share of a run's work it is done by default.
CHEAP = 0.05
# Training on a token costs about three forward passes.
LEARNING = 3.0
AMBER, RED, KEPT = "amber", "red", "kept"
# Harm from which on it is amber, and red: accuracy lost, and loss (nats per token) gained.
SHARE_LIMITS, LOSS_LIMITS = (0.03, 0.08), (0.05, 0.20)


def level(harm: float, limits: tuple[float, float], *, by_chance: bool = False) -> str:
    """``kept``, ``amber`` or ``red``.

    Args:
        harm: how much worse the model became; negative if it became better.
        by_chance: the measurement cannot tell this change from none.
    """
    if by_chance or harm < limits[0]:
        return KEPT
    return RED if harm >= limits[1] else AMBER


def is_wanted(setting: str, measured_tokens: int, lengths: Sequence[int], epochs: float) -> bool:
    """Whether to measure: as set, or for ``auto`` if it takes up to :data:`CHEAP` of the run's work.

    Args:
        measured_tokens: tokens of the texts, which are read before and after training.
        lengths: tokens of each training row.
    """
    if setting != "auto":
        return setting == "yes"
    return 2 * measured_tokens <= CHEAP * LEARNING * epochs * sum(lengths)
