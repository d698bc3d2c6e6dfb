"""Baselines of two texts: by their words together, by one alone, by what always comes most."""

import re

import numpy as np
import pytest
import torch

from worker.engine.tasks.pairs import baselines

WORDS = "card bank money late rate open".split()
PAIRS = [(WORDS[n % 6], WORDS[(n + n // 6 % 2) % 6]) for n in range(48)]
SAME = [int(one == other) for one, other in PAIRS]


def test_words_of_both_tell_what_words_of_one_cannot() -> None:
    both = np.array(baselines.words(PAIRS, SAME, PAIRS, 2))
    assert (both.argmax(1) == SAME).all() and both.sum(1) == pytest.approx(np.ones(48), abs=1e-5)
    # Every word stands as often in pairs of the same words as in others.
    alone = np.array(baselines.words_of_one([one for one, _ in PAIRS], SAME, [one for one, _ in PAIRS], 2))
    assert alone == pytest.approx(np.full((48, 2), 0.5), abs=1e-3)


def test_texts_without_words_or_with_one_label_have_no_such_baseline() -> None:
    assert baselines.words([("!", "?")] * 4, [0, 1] * 2, PAIRS, 2) is None
    assert baselines.words_of_one(["card"] * 4, [0] * 4, ["card"], 2) is None


def test_a_label_without_a_training_row_gets_no_share() -> None:
    assert (
        np.array(baselines.words(PAIRS, [2 * label for label in SAME], PAIRS[:3], 4))[:, [1, 3]].tolist()
        == [[0, 0]] * 3
    )


def test_majority_is_the_share_of_each_label() -> None:
    assert baselines.majority([0, 1, 1, 1], 2, 3) == [[0.25, 0.75, 0.0]] * 2


def test_overlap_counts_shared_words_of_both_sides() -> None:
    # Two of four different words are shared, of three in the first and three in the second text.
    assert baselines.overlap("a card, the bank", "The card a", re.compile(r"\w+").findall) == pytest.approx(
        [3 / 4, 3 / 4, 1, 1 / 4]
    )


def test_vectors_stand_side_by_side_with_their_distance() -> None:
    first, second = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    assert baselines.side_by_side(first, second).tolist() == [[1, 2, 3, -1, 2, 3]]
