"""Whether a model that is not here yet could be tuned on the machine that trains, from its size alone."""

from app.services.estimates.cost_arithmetic import HELD_BYTES, RUNTIME_BYTES
from app.services.queue.machine_speeds import TrainingMachine

FITS, FITS_COMPRESSED, TOO_LARGE = "fits", "fits in 4 bits", "too large"
# Adapters, activations and rows of a small run; the estimate before a run knows better.
WORKING_BYTES = 1.5e9


def fit(millions: float, machine: TrainingMachine) -> str:
    """``fits`` with LoRA on full precision, ``fits in 4 bits`` with QLoRA, or ``too large``."""
    return next(
        (words for held, words in (("full", FITS), ("nf4", FITS_COMPRESSED)) if _fits(millions, held, machine)),
        TOO_LARGE,
    )


def _fits(millions: float, held: str, machine: TrainingMachine) -> bool:
    # A processor holds the model twice while the download is compared with it, as the estimate counts.
    copies = 1 if machine.gpu else 2
    needed = millions * 1e6 * HELD_BYTES[held] * copies + RUNTIME_BYTES[machine.gpu] + WORKING_BYTES
    return needed <= machine.available_bytes
