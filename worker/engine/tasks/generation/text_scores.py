"""Scores of written text: likelihood per row and over all, overlap with a reference. Knows no model."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
# Beyond this the loss says no more than "hopeless", and its exponential would not fit a number.
MOST_LOSS = 50.0

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
        """95 % of the perplexities of resampled rows (percentile bootstrap)."""
        return [perplexity(each) for each in _percentiles(_resampled(self, seed))]


def change_interval(tuned: RowScores, base: RowScores, seed: int = 0) -> list[float]:
    """95 % of the changes of loss per token on the same resampled rows; all below zero means clearly better."""
    return _percentiles(_resampled(tuned, seed) - _resampled(base, seed))


def perplexity(loss: float) -> float:
    """How many words the model wavers between, as it were."""
    return math.exp(min(loss, MOST_LOSS))


def rouge_l(reference: str, written: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004); 1 for the same words in the same order."""
    wanted, given = _words(reference), _words(written)
    if not wanted or not given:
        return float(reference.strip() == written.strip())
    common = _longest_common(wanted, given)
    return 2 * common / (len(wanted) + len(given))


def exact(reference: str, written: str) -> bool:
    """Whether both say the same, apart from spaces."""
    return reference.split() == written.split()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    lengths = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for at, each in enumerate(other, start=1):
            kept = lengths[at]
            lengths[at] = before + 1 if word == each else max(kept, lengths[at - 1])
            before = kept
    return lengths[-1]


def _resampled(scores: RowScores, seed: int) -> np.ndarray:
    """Loss per token of ``RESAMPLES`` draws of as many rows; the same draws for the same seed and number of rows."""
    dice = np.random.Generator(np.random.PCG64(seed))
    count = len(scores.losses)
    told = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        rows = dice.integers(0, count, count)
        told[number] = scores.losses[rows].sum() / scores.tokens[rows].sum()
    return told


def _percentiles(values: np.ndarray) -> list[float]:
    return [float(each) for each in np.percentile(values, [2.5, 97.5])]
