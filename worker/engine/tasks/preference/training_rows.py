"""Training rows of preferences: pairs, or single answers for KTO, with the reference's log-probabilities beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from app.errors import StudioError
from worker.engine.batching.batches import MicroBatch, Update
from worker.engine.batching.packing import IGNORED, make_batch
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.preference import losses
from worker.engine.tasks.preference.data import TokenizedAnswers
from worker.engine.tasks.preference.losses import AnswerLogps

Logps = np.ndarray


@dataclass(frozen=True)
class PreferenceSettings:
    """The loss with its numbers; ``weights`` are those of good and bad answers."""

    loss: str
    beta: float
    gamma: float
    weights: tuple[float, float]


def answer_logps(
    model: nn.Module, examples: Sequence[TokenizedExample], pad_id: int, device: torch.device, *, packed: bool
) -> AnswerLogps:
    """Log-probabilities of the learned tokens of some conversations, with their graph."""
    batch = make_batch(examples, pad_id, packed=packed).to(device)
    predicted = batch.targets != IGNORED
    logps = -nn.functional.cross_entropy(model(batch), batch.targets[predicted], reduction="none")
    owners = batch.owners[predicted]
    sums = torch.zeros(len(examples), dtype=logps.dtype, device=device).index_add(0, owners, logps)
    counts = torch.zeros_like(sums).index_add(0, owners, torch.ones_like(logps))
    return AnswerLogps(sums, counts)


class ReferredRows:
    """What both kinds of rows share: the answers, and their log-probabilities before training."""

    def __init__(
        self, split: TokenizedAnswers, settings: PreferenceSettings, pad_id: int, device: torch.device
    ) -> None:
        self.settings, self.split = settings, split
        self.packed = True
        self.reference: Logps | None = None
        self._pad_id, self._device = pad_id, device

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of rows, so that every pair weighs the same."""
        return float(sum(map(len, update)))

    def begin(self, update: Update) -> None:
        """See :class:`TrainingData`: pairs need nothing."""

    def known(self, answers: Sequence[int]) -> torch.Tensor:
        """The reference's log-probabilities of some answers; zeros for losses that need none."""
        if self.settings.loss not in losses.REFERRING:
            return torch.zeros(len(answers), device=self._device)
        if self.reference is None:
            raise StudioError(
                "no_reference",
                "The answers were not measured before training.",
                "Start the run again from the beginning.",
            )
        return torch.as_tensor(self.reference[list(answers)], dtype=torch.float32, device=self._device)

    def read(self, model: nn.Module, examples: Sequence[TokenizedExample]) -> AnswerLogps:
        """The log-probabilities of some conversations as the model stands."""
        return answer_logps(model, examples, self._pad_id, self._device, packed=self.packed)


class PairRows(ReferredRows):
    """Pairs of a better and a worse answer."""

    @property
    def lengths(self) -> Sequence[int]:
        """See :class:`TrainingData`: tokens of both answers."""
        tokens = self.split.lengths
        return [tokens[one] + tokens[other] for one, other in self.split.pairs]

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`."""
        sides = list(zip(*(self.split.pairs[row] for row in rows), strict=True))
        answers = [answer for side in sides for answer in side]
        found = self.read(model, [self.split.examples[answer] for answer in answers])
        half = len(rows)
        better, worse = (
            AnswerLogps(found.logps[part], found.tokens[part]) for part in (slice(None, half), slice(half, None))
        )
        known = self.known(answers)
        settings = self.settings
        return losses.pair_loss(
            settings.loss, better, worse, (known[:half], known[half:]), beta=settings.beta, gamma=settings.gamma
        )


class MarkedRows(ReferredRows):
    """Single answers, good or bad.

    The distance from the reference is estimated once for each update, on answers to other requests, whatever micro-batches it comes in.
    """

    def __init__(
        self,
        split: TokenizedAnswers,
        settings: PreferenceSettings,
        pad_id: int,
        device: torch.device,
        others: Sequence[TokenizedExample],
    ) -> None:
        super().__init__(split, settings, pad_id, device)
        self.others = others
        self.others_reference: Logps | None = None
        self._update: Update = []
        self._distance: torch.Tensor | None = None

    @property
    def lengths(self) -> Sequence[int]:
        """See :class:`TrainingData`."""
        return [
            max(len(answer.ids), len(other.ids)) for answer, other in zip(self.split.examples, self.others, strict=True)
        ]

    def begin(self, update: Update) -> None:
        """See :class:`TrainingData`: the distance is estimated anew."""
        self._update, self._distance = update, None

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`."""
        found = self.read(model, [self.split.examples[row] for row in rows])
        good = torch.tensor([self.split.good[row] for row in rows], device=self._device)
        ratios = found.logps - self.known(rows)
        distance = self._distance_on(model, rows)
        return losses.kto(ratios, good, distance, beta=self.settings.beta, weights=self.settings.weights)

    def _distance_on(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        if not {row for part in self._update for row in part}.issuperset(rows):
            return self._estimate(model, [rows])
        if self._distance is None:
            self._distance = self._estimate(model, self._update)
        return self._distance

    @torch.no_grad()
    def _estimate(self, model: nn.Module, update: Update) -> torch.Tensor:
        """The mean log-ratio of answers to other requests, at least 0 (scalar)."""
        assert self.others_reference is not None
        was_training = model.training
        # Without dropout, which would count as distance.
        model.eval()
        total = torch.zeros((), device=self._device)
        for rows in update:
            found = self.read(model, [self.others[row] for row in rows])
            known = torch.as_tensor(self.others_reference[list(rows)], dtype=torch.float32, device=self._device)
            total += (found.logps - known).sum()
        model.train(was_training)
        return (total / max(1, sum(map(len, update)))).clamp(min=0)
