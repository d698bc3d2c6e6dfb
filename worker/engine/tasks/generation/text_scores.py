"""Scores of generated text: likelihood per row and over all, bootstrap intervals, overlap with a reference."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
# The exponential of a larger loss would not fit a number.
MAX_LOSS = 50.0

_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True)
class RowScores:
    """Per row: summed loss in nats, predicted tokens, and how many of them were the most probable one."""

    losses: np.ndarray
    tokens: np.ndarray
    right: np.ndarray

    def summary(self) -> dict[str, float]:
        """``loss`` per token, ``perplexity`` and ``token_accuracy``."""
        loss = float(self.losses.sum() / self.tokens.sum())
        return {
            "loss": loss,
            "perplexity": perplexity(loss),
            "token_accuracy": float(self.right.sum() / self.tokens.sum()),
        }

    def interval(self, seed: int = 0) -> list[float]:
        """95 % interval of the perplexity, by the percentile bootstrap over rows."""
        return [perplexity(loss) for loss in _percentiles(_resampled(self, seed))]


def change_interval(tuned: RowScores, base: RowScores, seed: int = 0) -> list[float]:
    """95 % interval of the change of loss per token, by the paired bootstrap over rows; below zero is better."""
    return _percentiles(_resampled(tuned, seed) - _resampled(base, seed))


def perplexity(loss: float) -> float:
    """The exponential of a loss in nats per token."""
    return math.exp(min(loss, MAX_LOSS))


def rouge_l(reference: str, generated: str) -> float:
    """ROUGE-L: F1 of the longest common subsequence of words (Lin 2004)."""
    expected, given = _words(reference), _words(generated)
    if not expected or not given:
        return float(reference.strip() == generated.strip())
    common = _longest_common(expected, given)
    return 2 * common / (len(expected) + len(given))


def exact(reference: str, generated: str) -> bool:
    """Exact match, apart from spaces."""
    return reference.split() == generated.split()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    lengths = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for position, candidate in enumerate(other, start=1):
            above = lengths[position]
            lengths[position] = before + 1 if word == candidate else max(above, lengths[position - 1])
            before = above
    return lengths[-1]


def _resampled(scores: RowScores, seed: int) -> np.ndarray:
    """Loss per token of ``RESAMPLES`` resamples of as many rows; the same resamples for the same seed and number of rows."""
    rng = np.random.Generator(np.random.PCG64(seed))
    count = len(scores.losses)
    losses = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        rows = rng.integers(0, count, count)
        losses[number] = scores.losses[rows].sum() / scores.tokens[rows].sum()
    return losses


def _percentiles(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.percentile(values, [2.5, 97.5])]
