"""Scores of marked entities by hand, and their intervals."""

import numpy as np
import pytest

from app.catalog.entity_scores import (
    NOTHING,
    Counts,
    confusion,
    count,
    draw_f1,
    f1_interval,
    most_common_tag,
    per_type,
    total,
)

# Worked out by hand: two of three marked rightly in the first, a wrong end in the second, a wrong type in the third.
EXPECTED = [[(0, 1, "A"), (2, 3, "B")], [(0, 2, "A")], [(4, 5, "B")], []]
ANSWERED = [[(0, 1, "A"), (2, 3, "B"), (5, 6, "B")], [(0, 3, "A")], [(4, 5, "A")], []]


def test_an_entity_is_right_only_with_both_ends_and_its_type() -> None:
    counts = [count(one, other) for one, other in zip(EXPECTED, ANSWERED, strict=True)]
    assert counts == [Counts(2, 3, 2), Counts(0, 1, 1), Counts(0, 1, 1), Counts(0, 0, 0)]
    assert total(counts).scores == pytest.approx({"precision": 2 / 5, "recall": 2 / 4, "f1": 4 / 9})
    assert Counts(0, 0, 0).scores == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    a, b = per_type(EXPECTED, ANSWERED, ["A", "B"])
    assert (a["precision"], a["recall"], a["count"]) == pytest.approx((1 / 3, 1 / 2, 2))
    assert (b["precision"], b["recall"], b["f1"], b["count"]) == pytest.approx((1 / 2, 1 / 2, 1 / 2, 2))


def test_confusion_tells_wrong_types_from_misses() -> None:
    labels = ["A", "B", NOTHING]
    table = confusion(EXPECTED, ANSWERED, labels[:2])
    found = {(labels[i], labels[j]): n for i, row in enumerate(table) for j, n in enumerate(row) if n}
    assert found == {("A", "A"): 2, ("B", "B"): 1, ("B", "A"): 1, (NOTHING, "B"): 1}


def test_the_interval_holds_the_score_and_narrows_with_more_sentences() -> None:
    few, many = [f1_interval([Counts(1, 2, 1), Counts(1, 1, 1), Counts(0, 1, 2)] * size) for size in (5, 50)]
    assert few[0] < many[0] < total([Counts(1, 2, 1), Counts(1, 1, 1), Counts(0, 1, 2)]).scores["f1"] < many[1] < few[1]


def test_a_perfect_score_on_a_few_entities_is_not_certain() -> None:
    low, high = f1_interval([Counts(2, 2, 2)] * 10)
    assert low == pytest.approx(0.839, abs=0.001) and high == 1.0
    assert f1_interval([]) == (0.0, 1.0)


def test_type_without_an_entity_scores_nothing_and_counts_nothing() -> None:
    (row,) = per_type([[]], [[]], ["A"])
    assert row == {"label": "A", "f1": 0.0, "precision": 0.0, "recall": 0.0, "count": 0}
    assert total([]) == Counts(0, 0, 0)


def test_models_are_drawn_on_the_same_sentences() -> None:
    counts = np.array([[1, 2, 2], [0, 1, 3], [2, 2, 2]], dtype=float)
    drawn = draw_f1(np.stack([counts, counts], axis=2), seed=3, rounds=50)
    assert drawn.shape == (50, 2) and np.array_equal(drawn[:, 0], drawn[:, 1])
    assert drawn.min() >= 0 and drawn.max() <= 1 and len(set(drawn[:, 0])) > 3


def test_word_gets_its_most_frequent_tag_and_the_first_of_equals() -> None:
    pairs = [("Bo", "B-X"), ("Bo", "O"), ("Bo", "B-X"), ("Al", "O"), ("Al", "B-Y")]
    assert most_common_tag(pairs) == {"Bo": "B-X", "Al": "B-Y"}
