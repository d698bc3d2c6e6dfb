"""Baselines for numbers."""

import numpy as np
import pytest

from worker.engine.tasks.regression.baselines import mean, tfidf

TEXTS = ["card lost", "late transfer", "card late", "bank"] * 10
NUMBERS = np.array([[1.0, 500.0], [2.0, 100.0], [3.0, 300.0], [0.0, 300.0]] * 10)


def test_mean_is_given_to_every_row() -> None:
    assert mean(NUMBERS, 2).tolist() == [[1.5, 300.0]] * 2


def test_words_tell_every_number_in_its_own_unit() -> None:
    [answer] = tfidf(TEXTS, NUMBERS, ["card late"]) or []
    assert answer == pytest.approx([3.0, 300.0], rel=0.1)


def test_words_of_a_second_text_are_its_own() -> None:
    # The same word means two things, depending on the text that it stands in.
    pairs = [("late", "card"), ("card", "late"), ("bank", "bank"), ("late", "late")] * 10
    numbers = np.array([[9.0], [1.0], [5.0], [5.0]] * 10)
    found = tfidf(pairs, numbers, [("late", "card"), ("card", "late")]) or []
    assert found[0][0] > 8 and found[1][0] < 2


def test_texts_without_words_and_a_number_that_never_changes_are_survived() -> None:
    assert tfidf(["!!"] * 5, NUMBERS[:5], ["?"]) is None
    same = np.hstack([NUMBERS[:, :1], np.full((len(NUMBERS), 1), 7.0)])
    [answer] = tfidf(TEXTS, same, ["bank"]) or []
    assert answer[1] == pytest.approx(7.0)
