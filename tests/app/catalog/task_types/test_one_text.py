"""What one text alone tells about the label of a pair."""

import random

from app.catalog.task_types.one_text import MIN_ROWS, OneTextAccuracy, predict_from_one, words_of


def test_words_are_different_ones_without_case_and_characters_where_none_are_spaced() -> None:
    assert words_of("The card, THE bank") == {"the", "card", "bank"} and words_of("猫と犬") == {"猫", "と", "犬"}


def test_words_that_come_with_a_label_tell_it_and_others_do_not() -> None:
    draw = random.Random(3)
    words = [frozenset({f"w{draw.randrange(40)}" for _ in range(5)}) for _ in range(400)]
    labels = [draw.choice("ab") for _ in words]
    assert not predict_from_one(words, labels).tells
    found = predict_from_one(
        [own | {"not"} if label == "a" else own for own, label in zip(words, labels, strict=True)], labels
    )
    assert found.tells and found.right > 0.85 and found.rows == 400


def test_a_text_that_recurs_with_one_label_is_not_learned_by_heart() -> None:
    # Each text occurs ten times with the label of its own; which one it has follows from no word of another text.
    draw = random.Random(4)
    texts = [frozenset({f"only{n}"}) for n in range(60)]
    pairs = [(text, label) for text in texts for label in [draw.choice("ab")] for _ in range(10)]
    found = predict_from_one([text for text, _ in pairs], [label for _, label in pairs])
    assert not found.tells


def test_few_rows_tell_nothing() -> None:
    assert not OneTextAccuracy(1.0, 0.5, MIN_ROWS - 1).tells and OneTextAccuracy(1.0, 0.5, MIN_ROWS).tells
    assert predict_from_one([], []) == (0, 0, 0)
