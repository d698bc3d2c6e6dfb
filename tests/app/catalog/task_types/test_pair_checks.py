"""What is said about pairs of texts with a label: one small table for each defect."""

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.base import Problem

TASK = task_type("pair-classification")
COLUMNS = {"text": "one", "text_pair": "other", "label": "label"}
Pair = tuple[str | None, str | None, str | None]
GOOD: list[Pair] = [
    (f"apple number {n}", f"{'apple' if n % 2 else 'pear'} {n} {n * n}", "ab"[n % 2 ^ n // 2 % 2]) for n in range(60)
]


def problems(rows: list[Pair], evaluation: list[Pair] | None = None) -> dict[str, Problem]:
    """Rows as they are stored: ids count on, lines begin anew at 2 in each file."""
    parts = [(rows, False), (evaluation or [], True)]
    named = ("one", "other", "label")
    table = [
        {"_line": n + 2, "_evaluation": own, **dict(zip(named, row, strict=True))}
        for part, own in parts
        for n, row in enumerate(part)
    ]
    found = TASK.check([{"_id": n, **row} for n, row in enumerate(table)], COLUMNS)
    return {item.code: item for item in found}


def test_clean_pairs_have_no_problems() -> None:
    assert problems(GOOD) == {}


@pytest.mark.parametrize(
    ("row", "code", "severity"),
    [
        (("", "a pear", "a"), "empty_text", "error"),
        (("a pear", None, "a"), "empty_text", "error"),
        (("a pear", "\u200b", "a"), "empty_text", "error"),
        (("a pear", "an apple", " "), "empty_label", "error"),
        (("a pear", "A  Pear", "a"), "equal_texts", "warning"),
        (("apple number 7", "apple 7 49", "a"), "duplicate_rows", "warning"),
        (("apple 7 49", "apple number 7", "a"), "turned_pairs", "info"),
        (("a pear", "x" * 2001, "a"), "long_text", "warning"),
    ],
)
def test_a_bad_pair_is_named(row: Pair, code: str, severity: str) -> None:
    found = problems([*GOOD, row])
    assert set(found) == {code}
    assert (found[code].severity, found[code].rows, found[code].row_ids) == (severity, [62], [60])
    assert found[code].message and found[code].hint


def test_same_pair_with_another_label_is_a_contradiction_and_another_second_text_is_not() -> None:
    found = problems([*GOOD, (*GOOD[7][:2], "b"), (GOOD[7][0], "a plum", "b")])
    assert found["conflicting_labels"].rows == [9, 62] and "same two texts" in found["conflicting_labels"].message


def test_evaluation_rows_that_the_training_file_has_are_named() -> None:
    one, other, label = GOOD[3]
    found = problems(GOOD, [(one, other, label), (other, one, label), (one, "a plum", label), ("new", "texts", label)])
    assert (found["leakage"].rows, found["turned_leakage"].rows, found["known_text"].rows) == ([2], [3], [4])
    assert all(found[code].message.startswith("In the evaluation file: ") for code in ("turned_leakage", "known_text"))


def test_texts_that_recur_are_counted_with_the_column_by_which_to_split() -> None:
    rows: list[Pair] = [(f"query {n // 3} of many", f"passage {n} {n * n}", "ab"[n % 2]) for n in range(60)]
    found = problems(rows)
    assert set(found) == {"recurring_text"}
    said = found["recurring_text"].message
    assert said.startswith("60 of 60 rows share their text in 'one' with another row; 20 different ones are there.")
    assert "split the rows by 'one'" in found["recurring_text"].hint


def test_a_label_that_one_text_gives_away_is_named() -> None:
    words = "mill lake hill road tree wall gate barn pond well".split()
    rows: list[Pair] = [
        (
            f"the {words[n % 10]} {n}",
            f"the {words[n // 10 % 10]} is {'not' if n % 3 == 0 else 'indeed'} there {n}",
            "no" if n % 3 == 0 else "yes",
        )
        for n in range(200)
    ]
    found = problems(rows)["one_text_tells"]
    # Every third row, 67 of 200, is a "no", always with the same word.
    assert (
        "from 'other' alone: its words are right about 100 % of the rows, the most frequent label about 66 %"
        in found.message
    )
    assert "one_text_tells" not in problems([(one, other, "ab"[n // 2 % 2]) for n, (one, other, _) in enumerate(rows)])
