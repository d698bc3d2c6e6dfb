"""Reads rows without learning: sentence vectors, logits, and scores against the expected labels."""

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Literal

import torch
from accelerate import Accelerator

from app.catalog.task_types.base import TaskType
from app.run_report import Report
from worker.engine.batching.batches import READING_BUDGET, TOKEN_BUDGET, collate, plan_reading
from worker.engine.runtime.distributed import ALONE, ProcessGroup
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.model import PooledClassifier

What = Literal["forward", "features"]


@torch.no_grad()
def read_all(
    model: PooledClassifier,
    data: Encoded,
    pad_id: int,
    accelerator: Accelerator,
    report: Report,
    *,
    what: What = "forward",
    exact: bool = False,
    ranks: ProcessGroup = ALONE,
) -> torch.Tensor:
    """One output row per data row, in the data's order, on the CPU in fp32.

    Args:
        what: ``forward`` for logits, ``features`` for sentence vectors.
        exact: compute in fp32 although the run trains in bf16.
        ranks: processes that read a share each; all of them call this at the same moment and get the whole.
    """
    # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
    reader = getattr(PooledClassifier, what)
    width = model.head.out_features if what == "forward" else model.head.in_features
    found = torch.zeros((len(data.lengths), width))
    for rows in ranks.share(plan_reading(data.lengths, READING_BUDGET.get(accelerator.device.type, TOKEN_BUDGET))):
        report.stop_if_asked()
        ids, mask = (each.to(accelerator.device) for each in collate(data.tokens, rows, pad_id))
        with nullcontext() if exact else accelerator.autocast():
            found[rows] = reader(model, ids, mask).float().cpu()
    return ranks.add_up(found)


def score(task: TaskType, logits: torch.Tensor, labels: Sequence[int]) -> dict[str, float]:
    """The task's metrics and the mean cross-entropy (nats) for logits (rows, labels)."""
    metrics = task.metrics(labels, logits.argmax(-1).tolist(), logits.shape[1])
    return {**metrics, "loss": float(torch.nn.functional.cross_entropy(logits, torch.tensor(labels)))}


def score_majority(task: TaskType, train: Sequence[int], labels: Sequence[int], label_count: int) -> dict[str, float]:
    """The metrics of always giving the most frequent training label; the first of equals."""
    counts = Counter(train)
    answer = min(counts, key=lambda label: (-counts[label], label))
    return task.metrics(labels, [answer] * len(labels), label_count)


def tell_apart(task: Any, logits: torch.Tensor, labels: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    """Confusion table (rows are the expected labels) and scores for each label."""
    answers = logits.argmax(-1).tolist()
    return {
        "confusion": task.confusion(labels, answers, len(names)),
        "per_class": task.per_class(labels, answers, names),
    }
