"""Checks of generated answers: salad of words, loops, and one answer for every question are distinguished from language."""

import math

import pytest

from worker.engine.tasks.generation.answer_checks import (
    count_repeating,
    counting_loss,
    known_pairs,
    known_share,
    repeats,
)

TRAIN = ["We are open from nine to five.", "You can reach us by phone from nine to five.", "我们九点开门"]


def test_language_has_more_known_pairs_than_a_salad_of_the_same_words() -> None:
    known = known_pairs(TRAIN)
    spoken = known_share(["You can reach us from nine to five."], known)
    salad = known_share(["five from us nine reach to can you open"], known)
    assert spoken is not None and salad is not None and spoken > 0.8 > 0.2 > salad
    assert known_share(["九点开门"], known) == 1
    assert known_share(["word"], known) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I will see what I can do. " * 5, True),
        ("We are open from nine to five, and you can also write to us at any time of the day.", False),
        ("yes yes yes", False),
    ],
)
def test_a_text_that_goes_round_repeats_itself(text: str, expected: bool) -> None:
    assert repeats(text) == expected


def test_one_answer_for_every_question_counts_as_repeating() -> None:
    different = [f"answer number {number}" for number in range(6)]
    assert count_repeating(["I do not know."] * 6, different) == 6
    assert count_repeating(different, different) == 0
    # Labels are expected to come back; a few wrong ones are no loop.
    assert count_repeating(["yes"] * 4 + ["no"] * 2, ["yes"] * 3 + ["no"] * 3) == 0


def test_counting_reaches_the_entropy_of_the_tokens() -> None:
    assert counting_loss([0, 0, 1, 1] * 1000, [0, 1], 2) == pytest.approx(math.log(2), rel=1e-3)
    assert counting_loss([], [3], 8) == pytest.approx(math.log(8))
