"""Label noise: labels that a linear probe, fitted on the other rows, confidently contradicts.

The probe is ridge regression onto the labels, because its leave-one-out predictions follow from one fit (the hat matrix), where
logistic regression needs a fit per fold. Rows are ranked by the margin of its scores between the given label and the likeliest
other one. How many of the first are doubts is counted as in confident learning (Northcutt et al. 2021, arXiv 1911.00068, "prune by
noise rate"): a row counts if, by out-of-sample probabilities, another label exceeds its threshold, the mean confidence in that
label among rows that have it. Scores become probabilities by a temperature that is fitted on them (Guo et al. 2017, arXiv
1706.04599), so that a probe that is often wrong is not confident.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

PENALTY = 1.0
BATCH_ROWS = 20_000
# Factors of the scores before softmax, of which the likeliest is taken.
SCALES = np.geomspace(1.0, 100.0, 25)


@dataclass(frozen=True)
class Doubt:
    """A row with its label and the likeliest other one.

    Attributes:
        row: its number.
        given: number of its label.
        suggested: number of the likeliest other label.
        margin: score of the given label minus that of the suggested one, about -1 to 1; negative is disagreement.
        confident: whether the row is among as many first ones as confident learning counts.
    """

    row: int
    given: int
    suggested: int
    margin: float
    confident: bool


class LeaveOneOutProbe:
    """Ridge regression of labels on vectors (rows, size) with a constant, and its leave-one-out scores."""

    def __init__(self, features: torch.Tensor, given: np.ndarray, label_count: int) -> None:
        self._vectors = np.concatenate([features.numpy().astype(np.float64), np.ones((len(given), 1))], axis=1)
        self._given = given
        size = self._vectors.shape[1]
        self._inverse = np.linalg.inv(self._vectors.T @ self._vectors + PENALTY * np.eye(size))
        self._weights = np.zeros((size, label_count))
        for label in range(label_count):
            self._weights[:, label] = self._inverse @ self._vectors[given == label].sum(axis=0)

    def scores(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Rows and their scores (rows, labels), batch by batch: (s - h y) / (1 - h), with leverage h."""
        for start in range(0, len(self._given), BATCH_ROWS):
            rows = slice(start, min(start + BATCH_ROWS, len(self._given)))
            vectors, given = self._vectors[rows], self._given[rows]
            leverage = np.einsum("ij,ij->i", vectors @ self._inverse, vectors)[:, None]
            own = np.zeros((len(given), self._weights.shape[1]))
            own[np.arange(len(given)), given] = 1.0
            yield rows, (vectors @ self._weights - leverage * own) / np.maximum(1 - leverage, 1e-6)


def rank_doubts(features: torch.Tensor, labels: Sequence[int], label_count: int) -> list[Doubt]:
    """Every row, the most doubtful first.

    Args:
        features: sentence vectors (rows, hidden), fp32.
        labels: label numbers, one per row.
    """
    given = np.asarray(labels)
    probe = LeaveOneOutProbe(features, given, label_count)
    margins, suggested = np.zeros(len(given)), np.zeros(len(given), dtype=np.int64)
    for rows, scores in probe.scores():
        places = np.arange(len(scores))
        of_given = scores[places, given[rows]].copy()
        scores[places, given[rows]] = -np.inf
        suggested[rows] = scores.argmax(axis=1)
        margins[rows] = of_given - scores[places, suggested[rows]]
    order = np.lexsort((np.arange(len(given)), margins))
    counted = _count_confident(probe, given, label_count)
    return [
        Doubt(int(row), int(given[row]), int(suggested[row]), float(margins[row]), place < counted and margins[row] < 0)
        for place, row in enumerate(order)
    ]


def _count_confident(probe: LeaveOneOutProbe, given: np.ndarray, label_count: int) -> int:
    """How many rows lie off the diagonal of the confident joint."""
    rows, scores = next(probe.scores())
    scale = fitted_scale(scores, given[rows])
    confidence = np.zeros(label_count)
    for rows, scores in probe.scores():
        np.add.at(confidence, given[rows], _softmax(scale * scores)[np.arange(len(scores)), given[rows]])
    thresholds = confidence / np.maximum(np.bincount(given, minlength=label_count), 1)
    found = 0
    for rows, scores in probe.scores():
        probabilities = _softmax(scale * scores)
        of_given = probabilities[np.arange(len(scores)), given[rows]]
        found += int((np.where(probabilities >= thresholds, probabilities, 0.0).max(axis=1) > of_given).sum())
    return found


def fitted_scale(scores: np.ndarray, given: np.ndarray) -> float:
    """The factor under which the scores make the given labels likeliest."""
    rows = np.arange(len(given))
    losses = [-np.log(np.maximum(_softmax(scale * scores)[rows, given], 1e-12)).mean() for scale in SCALES]
    return float(SCALES[int(np.argmin(losses))])


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares
