"""How long the tuned model takes for a row with what was learned beside it, and with it merged into the weights.

Both are measured on the same rows in the same process, one after the other. Merging changes the weights for good, so this is
the last thing that is done with a model.
"""

import time
from typing import Any, cast

import torch
from peft import PeftModel

from app.catalog.methods.capabilities import can
from worker.engine.tasks.base import Family

ROWS = 16
REPEATS = 3


def measure(family: Family) -> dict[str, float]:
    """Seconds per row of a pass through the network: ``{"adapter", "merged"}``.

    Empty where there is nothing to merge: the method changes the model itself, cannot be merged, or works on compressed
    weights, into which nothing can be merged without loss.
    """
    spec = family.order.spec
    body = family.body
    if not isinstance(body, PeftModel) or spec.base_precision != "full" or not can(spec.method, "merge"):
        return {}
    rows = list(range(min(ROWS, len(family.lessons.lengths))))
    family.model.eval()
    beside = _seconds(family, rows)
    cast(Any, body).merge_adapter()
    return {"adapter": beside, "merged": _seconds(family, rows)}


def _seconds(family: Family, rows: list[int]) -> float:
    """The quickest of some passes, per row; the first only warms up."""
    taken = []
    with torch.inference_mode():
        for _ in range(REPEATS):
            began = time.perf_counter()
            # Taking the number out waits for the device.
            float(family.lessons.loss(family.model, rows))
            taken.append(time.perf_counter() - began)
    return min(taken[1:]) / len(rows)
