"""Label noise: labels that a linear probe, fitted on the other rows, contradicts.

The probe is ridge regression onto the labels, because its leave-one-out predictions follow from one fit (the hat matrix), where
logistic regression needs a fit per fold; the ranking is that of confident learning (Northcutt et al. 2021, arXiv 1911.00068), by the
margin between the given label and the likeliest other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

PENALTY = 1.0
BATCH_ROWS = 20_000


@dataclass(frozen=True)
class Doubt:
    """A row with its label and the likeliest other one.

    Attributes:
        row: its number.
        given: number of its label.
        suggested: number of the likeliest other label.
        margin: score of the given label minus that of the suggested one, about -1 to 1; negative is disagreement.
    """

    row: int
    given: int
    suggested: int
    margin: float


def rank_doubts(features: torch.Tensor, labels: Sequence[int], label_count: int) -> list[Doubt]:
    """Every row, the most doubtful first.

    Args:
        features: sentence vectors (rows, hidden), fp32.
        labels: label numbers, one per row.
    """
    given = np.asarray(labels)
    vectors = np.concatenate([features.numpy().astype(np.float64), np.ones((len(given), 1))], axis=1)
    inverse = np.linalg.inv(vectors.T @ vectors + PENALTY * np.eye(vectors.shape[1]))
    weights = np.zeros((vectors.shape[1], label_count))
    for label in range(label_count):
        weights[:, label] = inverse @ vectors[given == label].sum(axis=0)
    doubts: list[Doubt] = []
    for start in range(0, len(given), BATCH_ROWS):
        rows = slice(start, start + BATCH_ROWS)
        doubts += _doubts(vectors[rows], given[rows], inverse, weights, start)
    return sorted(doubts, key=lambda doubt: (doubt.margin, doubt.row))


def _doubts(
    vectors: np.ndarray, given: np.ndarray, inverse: np.ndarray, weights: np.ndarray, start: int
) -> list[Doubt]:
    rows = np.arange(len(given))
    # Leave-one-out scores: (s - h y) / (1 - h), with leverage h.
    leverage = np.einsum("ij,ij->i", vectors @ inverse, vectors)[:, None]
    own = np.zeros((len(given), weights.shape[1]))
    own[rows, given] = 1.0
    scores = (vectors @ weights - leverage * own) / np.maximum(1 - leverage, 1e-6)
    of_given = scores[rows, given].copy()
    scores[rows, given] = -np.inf
    best = scores.argmax(axis=1)
    margins = of_given - scores[rows, best]
    return [Doubt(start + n, int(given[n]), int(best[n]), float(margins[n])) for n in range(len(given))]
