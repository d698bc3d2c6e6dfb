"""Thresholds and scores of sets of labels, against scikit-learn and by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from worker.engine.tasks.multi_label import evaluate

DICE = np.random.default_rng(2)
EXPECTED = DICE.random((60, 4)) < [0.5, 0.2, 0.7, 0.1]
GIVEN = DICE.random((60, 4)) < 0.4


def test_f1_is_that_of_scikit_learn() -> None:
    found = evaluate.score(GIVEN, EXPECTED)
    assert found["micro_f1"] == pytest.approx(f1_score(EXPECTED, GIVEN, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(EXPECTED, GIVEN, average="macro"))
    assert found["exact_set"] == pytest.approx((EXPECTED == GIVEN).all(1).mean())


def test_labels_that_occur_nowhere_say_nothing() -> None:
    none = np.zeros((60, 1), dtype=bool)
    wider = [np.hstack([table, none]) for table in (GIVEN, EXPECTED)]
    assert evaluate.score(*wider)["macro_f1"] == evaluate.score(GIVEN, EXPECTED)["macro_f1"]
    assert evaluate.average_precision(DICE.random((60, 1)), none) == 0


def test_threshold_is_where_f1_is_highest_and_else_in_the_middle() -> None:
    shares = np.array([0.1, 0.12, 0.22, 0.24, 0.26, 0.28, 0.3, 0.05])[:, None].repeat(2, 1)
    expected = np.array([0, 0, 1, 1, 1, 1, 1, 0], dtype=bool)[:, None].repeat(2, 1)
    expected[:, 1] = [0, 0, 0, 0, 0, 0, 1, 1]
    # Two rows are too few for the second label.
    assert evaluate.choose_thresholds(shares, expected).tolist() == [0.2, 0.5]


def test_logits_are_scored_with_ranks_and_loss() -> None:
    logits = torch.tensor([[2.0, -2.0], [-2.0, 2.0], [1.0, -1.0]])
    expected = np.array([[1, 0], [0, 1], [1, 0]], dtype=bool)
    found = evaluate.score_logits(logits, evaluate.probabilities(logits) > 0.5, expected)
    assert found["average_precision"] == found["micro_f1"] == found["exact_set"] == 1
    by_hand = np.mean([np.log1p(np.exp(-2))] * 4 + [np.log1p(np.exp(-1))] * 2)
    assert found["loss"] == pytest.approx(by_hand, abs=1e-6)


def test_certainty_is_that_of_the_least_certain_decision() -> None:
    shares, given = np.array([[0.9, 0.3]]), np.array([[True, False]])
    assert evaluate.certainty(shares, given).tolist() == [0.7]
    assert [row["count"] for row in evaluate.per_label(given, given, ["a", "b"])] == [1, 0]
