"""When a loss of what the untouched model knew is worth a word, and when measuring it is cheap enough to be done unasked.

The limits are those of section 7 of the project's notes on methods: methods of equal accuracy differ several times in what
they forget. Pure: knows no model.
"""

from collections.abc import Sequence

# A measure costs about two readings of its texts; up to this share of a run's work it is done unasked.
CHEAP = 0.05
# Learning from a token costs about three readings of it.
LEARNING = 3.0
AMBER, RED, KEPT = "amber", "red", "kept"
# Harm from which on it is amber, and red: shares of right answers lost, and loss (nats per token) gained.
SHARE_LIMITS, LOSS_LIMITS = (0.03, 0.08), (0.05, 0.20)


def level(harm: float, limits: tuple[float, float], *, by_chance: bool = False) -> str:
    """``kept``, ``amber`` or ``red``.

    Args:
        harm: how much worse the model became; negative if it became better.
        by_chance: the measure cannot tell this change from none.
    """
    if by_chance or harm < limits[0]:
        return KEPT
    return RED if harm >= limits[1] else AMBER


def is_wanted(setting: str, measured_tokens: int, lengths: Sequence[int], epochs: float) -> bool:
    """Whether to measure: as the person said, or, left to ``auto``, if it takes up to a twentieth of the run's work.

    Args:
        measured_tokens: tokens of the measure's texts, which are read before and after.
        lengths: tokens of each training row.
    """
    if setting != "auto":
        return setting == "yes"
    return 2 * measured_tokens <= CHEAP * LEARNING * epochs * sum(lengths)
