"""Sentence vectors and logits of rows, and their scores against the expected labels."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import torch

from app.catalog.task_types.base import TaskType
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.evaluation import EvaluationLoop

Output = Literal["forward", "features"]


@torch.no_grad()
def read_all(
    model: PooledClassifier,
    data: Encoded,
    evaluation: EvaluationLoop,
    *,
    output: Output = "forward",
    exact: bool = False,
    sharded: bool = False,
) -> torch.Tensor:
    """One output row per data row, in the data's order, on the CPU in fp32.

    Args:
        output: ``forward`` for logits, ``features`` for sentence vectors.
        exact: compute in fp32 although the run trains in bf16.
        sharded: the processes of the group read a share each; all of them call this at the same moment and get the whole.
    """
    # Preparing a model for mixed precision replaces ``forward`` on the object; the class's own stays plain.
    compute = getattr(PooledClassifier, output)
    width = model.head.out_features if output == "forward" else model.head.in_features
    outputs = torch.zeros((len(data.lengths), width))
    for rows in evaluation.batches(data.lengths, sharded=sharded):
        ids, mask = evaluation.collate(data.tokens, rows)
        with evaluation.autocast(exact=exact):
            outputs[rows] = compute(model, ids, mask).float().cpu()
    return evaluation.accelerator.reduce(outputs, "sum") if sharded else outputs


def score(task: TaskType, logits: torch.Tensor, labels: Sequence[int]) -> dict[str, float]:
    """The task's metrics and the mean cross-entropy (nats) for logits (rows, labels)."""
    metrics = task.metrics(labels, logits.argmax(-1).tolist(), logits.shape[1])
    return {**metrics, "loss": float(torch.nn.functional.cross_entropy(logits, torch.tensor(labels)))}


def majority_class(train: Sequence[int]) -> int:
    """The most frequent training label; of equally frequent ones the first."""
    counts = Counter(train)
    return min(counts, key=lambda label: (-counts[label], label))
