"""Scores of labels, against scikit-learn and by hand."""

import random

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from app.catalog.task_types import task_type

TASK = task_type("text-classification")
RNG = random.Random(2)
EXPECTED = [RNG.randrange(4) for _ in range(80)]
ANSWERED = [label if RNG.random() < 0.6 else RNG.randrange(4) for label in EXPECTED]


def test_scores_are_those_of_scikit_learn() -> None:
    found = TASK.metrics(EXPECTED, ANSWERED, 4)
    assert found["accuracy"] == pytest.approx(accuracy_score(EXPECTED, ANSWERED))
    assert found["macro_f1"] == pytest.approx(f1_score(EXPECTED, ANSWERED, average="macro"))
    assert TASK.confusion(EXPECTED, ANSWERED, 4) == confusion_matrix(EXPECTED, ANSWERED).tolist()


def test_scores_of_each_label_are_those_of_scikit_learn() -> None:
    columns = precision_recall_fscore_support(EXPECTED, ANSWERED)
    for row, *expected in zip(TASK.per_class(EXPECTED, ANSWERED, "abcd"), *columns, strict=True):
        assert [row["precision"], row["recall"], row["f1"], row["count"]] == pytest.approx(expected)


def test_label_that_occurs_nowhere_is_left_out_of_the_average_and_scores_nothing() -> None:
    # Label 0: one of two found, none wrongly; label 1: one of one found, one wrongly.
    assert TASK.metrics([0, 0, 1], [0, 1, 1], 3)["macro_f1"] == pytest.approx(2 / 3)
    assert TASK.per_class([0], [0], ["a", "b"])[1] == {
        "label": "b",
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "count": 0,
    }


def test_no_rows_score_nothing() -> None:
    assert TASK.metrics([], [], 2) == {"accuracy": 0.0, "macro_f1": 0.0}
