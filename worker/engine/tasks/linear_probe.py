"""The linear probe: logistic regression on vectors of the base model, its penalty chosen by cross-validation.

It is the baseline that a run has to beat, and the start of the head (LP-FT, Kumar et al. 2022, arXiv 2202.10054): fine-tuning from
a fitted head keeps what the encoder already knows.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

# Inverse strengths of the penalty (scikit-learn's C) that are tried: unit vectors want high ones, long vectors low
# ones. And what is used where nothing can be held out.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
DEFAULT_STRENGTH = 10.0
MAX_ITERATIONS = 200
# C is the variance of a prior on the weights, so that of a sample holds for all rows; beyond these a fold takes seconds.
MAX_CHOICE_ROWS = 4_000
# Fewer rows say too little about it.
MIN_CHOICE_ROWS = 20
# Folds that are held out in turn; of data with more rows times labels than this only the first is: a fit takes seconds there, and
# so many rows say enough.
FOLDS, ALL_FOLDS_CELLS = 5, 30_000
# Iterations at each value: it begins where the value before it ended.
CHOICE_ITERATIONS = 50
# Accuracies closer to the best than this share of its standard error differ by chance; the loss decides between them.
CLOSE_ERRORS = 0.5
# A row, and room for rounding.
ONE_ROW = 1.001
# How far below every fitted label a label without a training row starts.
UNSEEN_MARGIN = 5.0


class Strength(NamedTuple):
    """A value of C with the accuracy and the mean loss (nats) on training rows that were held out."""

    value: float
    accuracy: float
    loss: float


@dataclass(frozen=True)
class Probe:
    """Weights (labels, hidden) and biases (labels), both fp32; ``strength`` is how its C was chosen, None if it was not."""

    weight: torch.Tensor
    bias: torch.Tensor
    strength: Strength | None = None

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Scores (rows, labels) for sentence vectors (rows, hidden)."""
        return features @ self.weight.T + self.bias

    @torch.no_grad()
    def copy_to(self, head: torch.nn.Linear) -> None:
        """Put the probe into a head of shape (labels, hidden)."""
        head.weight.copy_(self.weight)
        head.bias.copy_(self.bias)


def fit_chosen_probe(features: torch.Tensor, labels: Sequence[int], label_count: int) -> Probe:
    """As :func:`fit_probe`, at the value of C that :func:`choose_strength` finds."""
    chosen = choose_strength(features, labels)
    probe = fit_probe(features, labels, label_count, chosen.value if chosen else DEFAULT_STRENGTH)
    return replace(probe, strength=chosen)


def fit_probe(
    features: torch.Tensor, labels: Sequence[int], label_count: int, strength: float = DEFAULT_STRENGTH
) -> Probe:
    """Fit on sentence vectors (rows, hidden); labels without a training row are scored below all others."""
    regression = _fit(LogisticRegression(C=strength, max_iter=MAX_ITERATIONS), features.numpy(), np.asarray(labels))
    weight, bias = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        # Two labels come back as one vector for their difference.
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    full_weight = np.zeros((label_count, features.shape[1]))
    full_bias = np.full(label_count, bias.min() - UNSEEN_MARGIN)
    full_weight[regression.classes_], full_bias[regression.classes_] = weight, bias
    return Probe(torch.tensor(full_weight, dtype=torch.float32), torch.tensor(full_bias, dtype=torch.float32))


def choose_strength(features: torch.Tensor, labels: Sequence[int]) -> Strength | None:
    """The value of C with the best held-out accuracy; of those that are as good, the one with the lowest loss.

    The folds depend on the rows alone. Every fold is fitted along the values, each from the weights of the one before.

    Args:
        features: sentence vectors (rows, hidden), fp32, of the training rows.
        labels: label numbers, one per row.

    Returns:
        None for very few rows, and where no label has a second one, so that nothing can be held out.
    """
    if len(labels) < MIN_CHOICE_ROWS:
        return None
    vectors, targets = _sample(features.numpy(), np.asarray(labels))
    folds = _folds(targets)
    held_out = [fold for fold in range(FOLDS) if (folds == fold).any()]
    if not held_out or len(np.unique(targets)) < 2:
        return None
    right, loss, rows = np.zeros(len(STRENGTHS)), np.zeros(len(STRENGTHS)), 0
    for fold in held_out[: FOLDS if targets.size * len(np.unique(targets)) <= ALL_FOLDS_CELLS else 1]:
        test = folds == fold
        rows += int(test.sum())
        for at, probabilities in enumerate(_along(vectors[~test], targets[~test], vectors[test])):
            answers = probabilities[np.arange(len(probabilities)), targets[test]]
            right[at] += (probabilities.argmax(axis=1) == targets[test]).sum()
            loss[at] -= np.log(np.maximum(answers, 1e-9)).sum()
    return _best([Strength(*row) for row in zip(STRENGTHS, right / rows, loss / rows, strict=True)], rows)


def _best(tried: list[Strength], rows: int) -> Strength:
    highest = max(strength.accuracy for strength in tried)
    error = (max(highest * (1 - highest), 1 / rows) / rows) ** 0.5
    # One row more is chance, too: where nearly all are right, it must not choose a penalty that leaves every answer unsure.
    close = [strength for strength in tried if strength.accuracy >= highest - max(CLOSE_ERRORS * error, ONE_ROW / rows)]
    return min(close, key=lambda strength: strength.loss)


def _along(vectors: np.ndarray, targets: np.ndarray, held_out: np.ndarray) -> Iterator[np.ndarray]:
    """Probabilities (held-out rows, labels) at each of :data:`STRENGTHS`."""
    regression = LogisticRegression(warm_start=True, max_iter=CHOICE_ITERATIONS)
    for strength in STRENGTHS:
        _fit(regression.set_params(C=strength), vectors, targets)
        yield regression.predict_proba(held_out)


def _fit(regression: LogisticRegression, vectors: np.ndarray, targets: np.ndarray) -> LogisticRegression:
    with warnings.catch_warnings():
        # Stopping at the limit is fine: the probe is a start and a baseline, not a solution to many digits.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return regression.fit(vectors, targets)


def _sample(vectors: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most :data:`MAX_CHOICE_ROWS` rows, with their labels numbered from 0 without gaps."""
    rows = np.random.default_rng(0).permutation(len(targets))[:MAX_CHOICE_ROWS]
    return vectors[rows], np.unique(targets[rows], return_inverse=True)[1]


def _folds(targets: np.ndarray) -> np.ndarray:
    """The fold of every row, balanced over the labels; -1 for the only row of a label, which is never held out."""
    folds = np.full(len(targets), -1)
    for label in np.unique(targets):
        rows = np.flatnonzero(targets == label)
        if len(rows) > 1:
            # Rows of rare labels do not all go to the first folds.
            folds[rows] = (np.arange(len(rows)) + label) % FOLDS
    return folds
