"""What is said about labelled texts: one small table for each defect, and the guess of columns."""

import pytest

from app.catalog.task_types import task_type

TASK = task_type("text-classification")
COLUMNS = {"text": "text", "label": "label"}
GOOD = [(f"text number {n} about {'apples' if n % 2 else 'pears'}", "ab"[n % 2]) for n in range(60)]


def table(rows, evaluation=()):
    """Rows as they are stored: ids count on, lines begin anew at 2 in each file."""
    made = [{"_id": n, "_line": n + 2, "text": t, "label": label} for n, (t, label) in enumerate(rows)]
    for n, (t, label) in enumerate(evaluation):
        made.append({"_id": len(rows) + n, "_line": n + 2, "text": t, "label": label, "_evaluation": True})
    return made


def problems(rows, evaluation=()):
    return {item.code: item for item in TASK.check(table(rows, evaluation), COLUMNS)}


def test_clean_rows_have_no_problems():
    assert problems(GOOD) == {}


@pytest.mark.parametrize(
    ("row", "code", "severity"),
    [
        ((None, "a"), "empty_text", "error"),
        (("", "a"), "empty_text", "error"),
        ((" \t\n", "a"), "empty_text", "error"),
        (("\u200b\ufeff\u2060", "a"), "empty_text", "error"),
        (("something", None), "empty_label", "error"),
        (("something", "  "), "empty_label", "error"),
        (("something", "\u200b"), "empty_label", "error"),
        (("x" * 2001, "a"), "long_text", "warning"),
        (("bell \x07", "a"), "control_characters", "warning"),
        (("old quote \x92", "a"), "control_characters", "warning"),
        (("see [SEP] there", "a"), "special_tokens", "warning"),
        (("<|im_start|>user", "a"), "special_tokens", "warning"),
        (("write to jo.doe+x@example.org", "a"), "personal_data", "warning"),
        (("call +44 20 7946 0958 now", "a"), "personal_data", "warning"),
        (("card 4111 1111 1111 1111", "a"), "personal_data", "warning"),
    ],
)
def test_a_bad_row_is_named(row, code, severity):
    found = problems([*GOOD[:30], row, *GOOD[30:]])
    assert set(found) == {code}
    assert (found[code].severity, found[code].rows, found[code].row_ids) == (severity, [32], [30])
    assert found[code].message and found[code].hint


def test_a_row_without_text_and_label_is_named_for_both():
    found = problems([*GOOD, ("", "")])
    assert found["empty_text"].rows == found["empty_label"].rows == [62]


def test_many_rows_are_counted_but_fifty_are_spelled_out():
    found = problems([*GOOD, *[("", "a")] * 70])["empty_text"].as_dict()
    assert found["count"] == 70 and len(found["rows"]) == 50 and len(found["examples"]) == 5
    assert set(found) >= {"code", "severity", "count", "rows", "message", "hint"}


def test_copies_are_named_without_the_first():
    found = problems([*GOOD, GOOD[0], ("TEXT number  1 about apples ", "b")])
    assert set(found) == {"duplicate_rows"} and found["duplicate_rows"].rows == [62, 63]


def test_contradictions_name_every_row():
    found = problems([*GOOD, (GOOD[3][0], "a"), (GOOD[3][0], "b")])
    assert found["conflicting_labels"].rows == [5, 62]
    assert found["duplicate_rows"].rows == [63]


@pytest.mark.parametrize("count", [0, 9])
def test_b03_too_few_rows_refuse_the_file(count):
    found = problems(GOOD[:count])["too_few_rows"]
    assert (found.severity, found.rows) == ("error", []) and str(count) in found.message
    assert "too_few_rows" not in problems(GOOD[:10])


def test_b11_one_label_refuses_the_file_and_a_single_row_warns():
    same = [(text, "a") for text, _ in GOOD]
    assert problems(same)["one_class"].severity == "error"
    found = problems([*same, ("another one", "b")])
    assert found["class_small"].rows == [62] and "“b”" in found["class_small"].message
    assert found["class_small"].severity == "warning" and "one_class" not in found


def test_a_label_column_of_numbers_refuses_the_file():
    found = problems([(text, str(n / 7)) for n, (text, _) in enumerate(GOOD)])
    assert found["too_many_labels"].severity == "error" and "60 different" in found["too_many_labels"].message


def test_many_rare_labels_warn():
    found = problems([(f"text {n}", f"label {n % 150}") for n in range(450)])
    assert set(found) == {"many_labels"}


def test_few_rows_imbalance_and_spelling_warn():
    assert set(problems(GOOD[:49])) == {"few_rows"}
    rare = [(text, "a" if n else "b") for n, (text, _) in enumerate(GOOD)]
    assert {"class_imbalance", "class_small"} <= set(problems(rare))
    found = problems([*GOOD, ("one more", "A"), ("yet another", "A"), ("third", " a")])
    assert set(found) == {"label_spelling", "class_imbalance"}
    assert "“ a”, “A”, “a”" in found["label_spelling"].message and 62 in found["label_spelling"].rows


def test_numbers_in_place_of_texts_warn():
    assert "numbers_as_text" in problems([(str(n), "ab"[n % 2]) for n in range(60)])


def test_b16_rows_of_the_training_file_in_the_evaluation_file():
    found = problems(GOOD, [("fresh text", "a"), (GOOD[4][0].upper(), "a"), ("fresh", "a")])
    assert set(found) == {"leakage"}
    assert (found["leakage"].rows, found["leakage"].row_ids) == ([3], [61])
    assert found["leakage"].examples[0]["same as row"] == 6


def test_evaluation_labels_must_have_been_seen_in_training():
    found = problems(GOOD, [("fresh text", "a"), ("other text", "never seen"), ("", "a")])
    assert found["unknown_label"].severity == "error" and found["unknown_label"].row_ids == [61]
    assert found["empty_text"].row_ids == [62]
    assert all(item.message.startswith("In the evaluation file") for item in found.values())


def test_the_same_defect_in_both_files_is_distinguished():
    found = [item for item in TASK.check(table([*GOOD, ("", "a")], [("", "b")]), COLUMNS) if item.code == "empty_text"]
    assert [item.row_ids for item in found] == [[60], [61]]


def test_labels_are_counted_without_surrounding_spaces():
    rows = table([("x", " b"), ("y", "b "), ("z", "a"), ("w", None)])
    assert list(TASK.labels(rows, COLUMNS).items()) == [("a", 1), ("b", 2)]


def sample(**columns):
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


WORDS = [f"this is sentence number {n} of the file" for n in range(30)]
FEW = ["red", "green", "blue"] * 10


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": WORDS, "category": FEW}, {"text": "text", "label": "category"}),
        ({"id": [str(n) for n in range(30)], "foo": WORDS, "bar": FEW}, {"text": "foo", "label": "bar"}),
        ({"label": FEW, "text": WORDS}, {"text": "text", "label": "label"}),
        ({"label": ["0", "1"] * 15, "sentence": WORDS}, {"text": "sentence", "label": "label"}),
        ({"topic": WORDS, "text": FEW}, {"text": "topic", "label": "text"}),
        ({"question": WORDS, "answer": WORDS[::-1]}, {"text": "question"}),
        (
            {"Review Text": WORDS, "issue_type": FEW, "year": ["2024"] * 30},
            {"text": "Review Text", "label": "issue_type"},
        ),
        ({"text": WORDS, "label": [str(n / 7) for n in range(30)]}, {"text": "text", "label": "label"}),
        ({"text": [None] * 30, "label": FEW}, {"text": "text", "label": "label"}),
        ({"foo": [None] * 30, "label": FEW}, {"label": "label"}),
    ],
)
def test_columns_are_guessed_from_names_and_values(columns, expected):
    assert TASK.guess_columns(list(columns), sample(**columns)) == expected
