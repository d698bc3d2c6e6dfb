"""The training examples of models that write, as the training loop sees them."""

from collections.abc import Callable

import torch
from torch import nn

from worker.engine.batching.batches import MicroBatch, Update
from worker.engine.batching.packing import IGNORED
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM, WritingBatch


class Examples:
    """Training examples; each token that is predicted weighs the same."""

    def __init__(
        self,
        examples: list[TokenizedExample],
        pad_id: int,
        device: torch.device,
        make_batch: Callable[..., WritingBatch] = CausalLM.make_batch,
    ) -> None:
        self.lengths = [len(example.ids) for example in examples]
        self.packed = True
        self._examples, self._pad_id, self._device = examples, pad_id, device
        self._make_batch = make_batch

    def begin(self, update: Update) -> None:
        """See :class:`TrainingData`: nothing is shared by the rows of an update."""

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of predicted tokens."""
        return sum(self._examples[row].weight for micro_batch in update for row in micro_batch)

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`: cross-entropy of the next tokens."""
        chosen = [self._examples[row] for row in rows]
        batch = self._make_batch(chosen, self._pad_id, packed=self.packed).to(self._device)
        targets = batch.targets[batch.targets != IGNORED]
        return nn.functional.cross_entropy(model(batch), targets, reduction="sum")
