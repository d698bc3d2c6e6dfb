"""Which labels a row is given, the threshold of each, and scores of sets of labels.

Rows and labels are boolean arrays (rows, labels).
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from app.catalog import entity_scores
from app.catalog.entity_scores import Counts

Given = NDArray[np.bool_]
Values = NDArray[np.float64]

MIDDLE = 0.5
# A threshold is moved from the middle only for labels with so many validation rows: fewer say too little about it.
FEWEST_ROWS = 5
# Thresholds that are tried, besides the middle.
TRIED = np.round(np.arange(0.05, 0.96, 0.05), 2)


def probabilities(logits: torch.Tensor) -> Values:
    """Of each label by itself."""
    found: Values = logits.double().sigmoid().numpy()
    return found


def choose_thresholds(shares: Values, expected: Given) -> Values:
    """For each label the threshold with the highest F1 on these rows; of equal ones the nearest to the middle."""
    chosen = np.full(shares.shape[1], MIDDLE)
    for label in range(shares.shape[1]):
        wanted = expected[:, label]
        if FEWEST_ROWS <= wanted.sum() < len(wanted):
            scores = [(_f1(shares[:, label] > value, wanted), -abs(value - MIDDLE), value) for value in TRIED]
            chosen[label] = max(scores)[2]
    return chosen


def _f1(given: Given, wanted: Given) -> float:
    total = int(given.sum()) + int(wanted.sum())
    return round(2 * int((given & wanted).sum()) / total, 9) if total else 0.0


def counts(given: Given, expected: Given) -> list[Counts]:
    """Labels of each row that are right, given and expected."""
    columns = (given & expected).sum(1), given.sum(1), expected.sum(1)
    return [Counts(*map(int, row)) for row in zip(*columns, strict=True)]


def score(given: Given, expected: Given) -> dict[str, float]:
    """``micro_f1`` over all labels of all rows, ``macro_f1`` over the labels that occur, ``exact_set``: rows with all labels right."""
    f1 = [item["f1"] for item in per_label(given, expected, [""] * expected.shape[1]) if item["count"] or item["given"]]
    return {
        "micro_f1": entity_scores.total(counts(given, expected)).scores["f1"],
        "macro_f1": sum(f1) / len(f1) if f1 else 0.0,
        "exact_set": float((given == expected).all(1).mean()),
    }


def per_label(given: Given, expected: Given, labels: list[str]) -> list[dict[str, Any]]:
    """``{"label", "precision", "recall", "f1", "count", "given"}`` for each label."""
    rows = []
    for number, label in enumerate(labels):
        found = entity_scores.total(counts(given[:, [number]], expected[:, [number]]))
        rows.append({"label": label, **found.scores, "count": found.wanted, "given": found.given})
    return rows


def average_precision(shares: Values, expected: Given) -> float:
    """Mean over the labels that occur of the precision at every expected row, by falling probability (ties count together)."""
    present = [label for label in range(shares.shape[1]) if expected[:, label].any()]
    values = [average_precision_score(expected[:, label], shares[:, label]) for label in present]
    return float(np.mean(values)) if values else 0.0


def score_logits(logits: torch.Tensor, given: Given, expected: Given) -> dict[str, float]:
    """The same with what needs probabilities: ``average_precision``, and ``loss``, the mean cross-entropy (nats) of a label."""
    targets = torch.from_numpy(expected.astype(np.float32))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets)
    ranked = average_precision(probabilities(logits), expected)
    found = score(given, expected)
    return {
        "micro_f1": found["micro_f1"],
        "macro_f1": found["macro_f1"],
        "average_precision": ranked,
        "exact_set": found["exact_set"],
        "loss": float(loss),
    }


def certainty(shares: Values, given: Given) -> Values:
    """Of each row the probability of its least certain decision."""
    least: Values = np.where(given, shares, 1 - shares).min(1)
    return least
