"""Labels that the other rows speak against: leave-one-out disagreement of a linear probe on frozen sentence vectors.

The probe is ridge regression onto the labels, because what it would say about a row without having seen it follows from
one fit (the hat matrix), where logistic regression needs a fit per fold; the ranking is that of confident learning
(Northcutt et al. 2021, arXiv 1911.00068), by the margin between the given label and the likeliest other one. Knows no
file and no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

PENALTY = 1.0
PORTION_ROWS = 20_000


@dataclass(frozen=True)
class Doubt:
    """One row, by its place: what it is labelled, what the others suggest, and by how much they speak against it.

    ``margin`` is the score of the given label less that of the suggestion, about -1 to 1; negative is disagreement.
    """

    place: int
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
    for start in range(0, len(given), PORTION_ROWS):
        rows = slice(start, start + PORTION_ROWS)
        doubts += _doubts(vectors[rows], given[rows], inverse, weights, start)
    return sorted(doubts, key=lambda each: (each.margin, each.place))


def _doubts(
    vectors: np.ndarray, given: np.ndarray, inverse: np.ndarray, weights: np.ndarray, start: int
) -> list[Doubt]:
    places = np.arange(len(given))
    # Its own share in the fit is taken out of each row's score: (s - h y) / (1 - h), with leverage h.
    leverage = np.einsum("ij,ij->i", vectors @ inverse, vectors)[:, None]
    own = np.zeros((len(given), weights.shape[1]))
    own[places, given] = 1.0
    scores = (vectors @ weights - leverage * own) / np.maximum(1 - leverage, 1e-6)
    mine = scores[places, given].copy()
    scores[places, given] = -np.inf
    best = scores.argmax(axis=1)
    margins = mine - scores[places, best]
    return [Doubt(start + n, int(given[n]), int(best[n]), float(margins[n])) for n in range(len(given))]
