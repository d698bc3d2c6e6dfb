"""Error messages for attempts that failed: for each cause one sentence and the next step."""

import signal
from pathlib import Path

from app.errors import DiskFull, StudioError

OUT_OF_MEMORY, DEVICE_LOST = "out_of_memory", "device_lost"
RESUME = "Then resume the run; the last checkpoint is untouched."
# With more portions than this it is the model, not the portion, that does not fit.
MAX_PORTIONS = 16


def crash(code: int, folder: Path) -> StudioError:
    """The process ended by itself, without an error file."""
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return StudioError(
        "trainer_crashed",
        f"The training process ended without finishing its work ({how}).",
        "Open the log below for its last lines. Resuming continues from the last checkpoint; if it happens again, "
        "choose fewer rows per update or shorter texts.",
        details={"exit_code": code, "log": folder.name},
    )


def stall(seconds: float, folder: Path) -> StudioError:
    """The process was alive, but reported no progress."""
    return StudioError(
        "stalled",
        f"Training reported nothing for {seconds:.0f} s and was ended.",
        "The log below shows where it hung. Resuming continues from the last checkpoint.",
        details={"seconds": round(seconds), "log": folder.name},
    )


def out_of_memory(portions: int, rows: int) -> StudioError:
    """Even small portions did not fit."""
    return StudioError(
        OUT_OF_MEMORY,
        f"Memory ran out, even with each update of {rows} rows cut into {portions} portions.",
        "Choose shorter texts, a smaller base model or a method that trains less, such as LoRA with a low rank.",
        details={"portions": portions},
    )


def disk_full(free: int) -> StudioError:
    """There is no room for checkpoints and results."""
    return DiskFull(f"{free / 1e6:,.0f} MB are left.", RESUME, free_bytes=free)


def defect() -> StudioError:
    """An unexpected exception in the supervisor."""
    return StudioError(
        "internal_error",
        "The studio could not carry out this run because of a defect on its side.",
        "Try again; if it happens again, send the worker's log to the administrator of this studio.",
    )


def next_portions(portions: int, rows: float) -> int | None:
    """Twice as many portions as before, or None when a portion is down to one of its ``rows`` or too many were tried."""
    return portions * 2 if portions < min(rows, MAX_PORTIONS) else None
