"""Inference time of the tuned model per row, with the adapter beside the weights and merged into them.

Both are measured on the same rows in the same process. Merging changes the weights for good, so nothing may use the model afterwards.
"""

import time
from typing import Any, cast

import torch
from peft import PeftModel

from app.catalog.methods.capabilities import can
from worker.engine.tasks.base import TaskFamily

ROWS = 16
REPEATS = 3


def measure(family: TaskFamily) -> dict[str, float]:
    """Seconds per row of a forward pass: ``{"adapter", "merged"}``.

    Empty where there is nothing to merge: the method changes the model itself, cannot be merged, or works on compressed
    weights, into which nothing can be merged without loss.
    """
    spec = family.job.spec
    body = family.body
    if not isinstance(body, PeftModel) or spec.base_precision != "full" or not can(spec.method, "merge"):
        return {}
    rows = list(range(min(ROWS, len(family.training_data.lengths))))
    family.model.eval()
    unmerged = _seconds(family, rows)
    cast(Any, body).merge_adapter()
    return {"adapter": unmerged, "merged": _seconds(family, rows)}


def _seconds(family: TaskFamily, rows: list[int]) -> float:
    """The fastest of some passes, per row; the first only warms up."""
    seconds = []
    with torch.inference_mode():
        for _ in range(REPEATS):
            began = time.perf_counter()
            # Reading the number waits for the device.
            float(family.training_data.loss(family.model, rows))
            seconds.append(time.perf_counter() - began)
    return min(seconds[1:]) / len(rows)
