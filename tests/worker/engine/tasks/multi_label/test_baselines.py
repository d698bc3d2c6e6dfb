"""Baselines for sets of labels."""

import numpy as np

from worker.engine.tasks.multi_label.baselines import majority, tfidf, tfidf_answers

TEXTS = ["card lost", "late transfer", "card late", "bank"] * 6
EXPECTED = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]] * 6, dtype=bool)


def test_majority_gives_the_most_frequent_label_to_every_row() -> None:
    assert majority(np.array([[1, 0], [1, 1], [0, 0]], dtype=bool), 2).tolist() == [[True, False]] * 2


def test_words_tell_which_labels_apply() -> None:
    asked = ["late card", "bank"]
    assert tfidf_answers(TEXTS, EXPECTED, TEXTS, EXPECTED, asked) == [[1, 1, 0], [0, 0, 0]]


def test_texts_without_words_and_labels_without_rows_are_survived() -> None:
    assert tfidf(["!!"], EXPECTED[:1], (["?"],)) is None
    shares = tfidf(TEXTS, EXPECTED, (["card"],))
    assert shares is not None and shares[0][0, 2] == 0
