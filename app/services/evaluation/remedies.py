"""What a verdict offers to do with one click: a new run with one thing changed, or the page where the cause is mended. Pure.

A remedy is ``{"words", "training": settings}`` or ``{"words", "page": "data" | "methods"}``; the run page makes the address.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.training import TrainingSettings
from app.models import Run

Remedy = dict[str, Any]
Points = Mapping[str, Sequence[Sequence[float]]]

DEFAULTS = TrainingSettings()
LONGEST_TEXT = 100_000
PATIENCE = 3
MOST_PASSES = 100.0

MORE_DATA: Remedy = {"words": "Add rows to the data set", "page": "data"}
LOOK_AT_DATA: Remedy = {"words": "Look at the data set", "page": "data"}
OTHER_METHODS: Remedy = {"words": "Compare other methods on the same rows", "page": "methods"}


def more_passes(run: Run) -> Remedy | None:
    """Twice the passes over the data; None where that is more than a run may have."""
    wanted = 2 * _setting(run, "epochs")
    return _passes(wanted) if wanted <= MOST_PASSES else None


def passes_until(run: Run, points: Points, step: int) -> Remedy | None:
    """As many passes as there were up to this step, a quarter of a pass more or less."""
    last = max((int(pairs[-1][0]) for pairs in points.values() if pairs), default=0)
    planned = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps") or last
    if not planned or step >= planned:
        return None
    wanted = max(0.25, round(4 * _setting(run, "epochs") * step / planned) / 4)
    return _passes(wanted)


def with_patience() -> Remedy:
    """A run that ends by itself."""
    return {"words": f"New run that ends after {PATIENCE} checks without gain", "training": {"patience": PATIENCE}}


def longer_text(run: Run) -> Remedy:
    """Twice the longest text."""
    longest = min(LONGEST_TEXT, 2 * int(_setting(run, "max_length")))
    return {"words": "New run with twice the length", "training": {"max_length": longest}}


def smaller_updates(run: Run) -> Remedy | None:
    """Half the rows per update; None for one row."""
    rows = int(_setting(run, "batch_size")) // 2
    return {"words": f"New run with {rows} rows per update", "training": {"batch_size": rows}} if rows else None


def _passes(wanted: float) -> Remedy:
    return {"words": f"New run with {wanted:g} {'pass' if wanted == 1 else 'passes'}", "training": {"epochs": wanted}}


def _setting(run: Run, name: str) -> float:
    given = ((run.spec or {}).get("training") or {}).get(name)
    return float(given if given is not None else getattr(DEFAULTS, name))
