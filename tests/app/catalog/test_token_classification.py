"""Words with tags, text with spans, text with tags in it: which columns are found, which rows are left out, what is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.entity_scores import NOTHING, Counts, confusion, count, f1_interval, per_type, total
from app.catalog.task_types import tagged_text as forms
from app.catalog.task_types import task_type
from app.catalog.task_types.generative import UnusableRow
from app.services.datasets.datasets import check_file

TASK = task_type("token-classification")
NAMES = ["Anna", "Milo", "Ravi", "Lena", "Omar", "Ines", "Jun", "Vera", "Tom", "Zoe", "Kim", "Ada"]


def check(folder: Path, rows: list[Any], task: str | None = None, **said: Any) -> dict[str, Any]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return check_file(path, path.name, task_type=task, **said)


def tagged(*odd: tuple[list[str], list[Any]]) -> list[dict[str, Any]]:
    """Twelve good sentences, then the odd ones from line 13 on."""
    good = [(f"{name} sleeps in Oslo".split(), ["B-PER", "O", "O", "B-LOC"]) for name in NAMES]
    return [{"tokens": words, "tags": tags} for words, tags in [*good, *odd]]


def spanned(*odd: Any) -> list[dict[str, Any]]:
    good = [{"text": f"{name} sleeps in Oslo.", "spans": [[0, len(name), "PER"]]} for name in NAMES]
    return [*good, *({"text": "Bo met Al.", "spans": spans} for spans in odd)]


def told(report: dict[str, Any]) -> list[tuple[str, str, list[int]]]:
    return [
        (problem["code"], problem["severity"], problem["rows"]) for problem in report["problems"] if problem["rows"]
    ]


@pytest.mark.parametrize(
    ("code", "words", "tags"),
    [
        ("length_mismatch", ["Bo", "left"], ["B-PER"]),
        ("unknown_tag", ["Bo", "left"], ["PER", "O"]),
        ("unknown_tag", ["Bo", "left"], [1, 0]),
        ("empty_text", [], []),
        ("empty_text", [" ", ""], ["O", "O"]),
        ("not_a_list", [["Bo"], "left"], ["O", "O"]),
    ],
)
def test_words_and_tags_that_teach_nothing_are_left_out_by_row(
    tmp_path: Path, code: str, words: Any, tags: Any
) -> None:
    report = check(tmp_path, tagged((words, tags)))
    assert (report["task"], report["columns"]) == ("token-classification", {"tokens": "tokens", "tags": "tags"})
    assert told(report) == [(code, "error", [13])]
    assert report["rows"] == {"total": 13, "usable": 12} and report["labels"] == {"LOC": 12, "PER": 12}


@pytest.mark.parametrize(
    ("code", "spans"),
    [
        ("span_outside", [[0, 99, "PER"]]),
        ("span_outside", [[3, 3, "PER"]]),
        ("overlapping_spans", [[0, 6, "PER"], [3, 9, "PER"]]),
        ("not_spans", [["Bo", 2, "PER"]]),
        ("not_spans", "Bo is a person"),
    ],
)
def test_spans_that_cannot_be_are_left_out_by_row(tmp_path: Path, code: str, spans: Any) -> None:
    report = check(tmp_path, spanned(spans))
    assert (report["task"], report["columns"]) == ("token-classification", {"text": "text", "spans": "spans"})
    assert told(report) == [(code, "error", [13])]


def test_what_is_worth_a_look_stays_in(tmp_path: Path) -> None:
    report = check(tmp_path, tagged((["Bo", "left"], ["I-PER", "O"]), (["Al", "left"], ["B-Per", "O"])))
    assert ("i_without_b", "warning", [13]) in told(report) and ("label_spelling", "warning", [14]) in told(report)
    assert ("class_small", "warning", [14]) in told(report) and report["rows"]["usable"] == 14
    within = check(tmp_path, spanned([[0, 1, "PER"]]))
    assert told(within) == [("span_within_word", "warning", [13])]


def test_the_older_scheme_is_no_mistake(tmp_path: Path) -> None:
    """IOB1 begins with I-, and writes B- only between two entities of one type."""
    rows = [(f"{name} Lund met Bo".split(), ["I-PER", "I-PER", "O", "I-PER"]) for name in NAMES]
    rows.append((["Bo", "Al", "left"], ["I-PER", "B-PER", "O"]))
    assert told(check(tmp_path, [{"tokens": words, "tags": tags} for words, tags in rows])) == []


def test_nothing_marked_or_too_few_sentences_is_refused(tmp_path: Path) -> None:
    plain = [{"tokens": ["a", str(n)], "tags": ["O", "O"]} for n in range(12)]
    for rows, code in ((plain, "no_entities"), (tagged()[:5], "too_few_rows")):
        report = check(tmp_path, rows)
        assert report["status"] == "rejected" and report["problems"][0]["code"] == code


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (
            [{"words": row["tokens"], "ner_tags": row["tags"]} for row in tagged()],
            {"tokens": "words", "tags": "ner_tags"},
        ),
        (
            [{"sentence": " ".join(r["tokens"]), "bio": " ".join(r["tags"])} for r in tagged()],
            {"tokens": "sentence", "tags": "bio"},
        ),
        ([{"id": n, "body": f"{name}/B-PER sleeps/O"} for n, name in enumerate(NAMES)], {"text": "body"}),
        ([{"body": f"{name} B-PER\nsleeps O"} for name in NAMES], {"text": "body"}),
        (
            [
                {"document": r["text"], "entities": [{"start": a, "end": b, "label": c} for a, b, c in r["spans"]]}
                for r in spanned()
            ],
            {"text": "document", "spans": "entities"},
        ),
    ],
)
def test_columns_are_found_by_what_they_hold(tmp_path: Path, rows: list[Any], columns: dict[str, str]) -> None:
    report = check(tmp_path, rows)
    assert (report["task"], report["columns"], report["rows"]["usable"]) == ("token-classification", columns, 12)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    report = check(tmp_path, [{"a": "x y", "b": 1}] * 12, "token-classification", columns={"tokens": "a"})
    assert report["problems"][0]["code"] == "missing_column" and "Tags" in report["problems"][0]["message"]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-PER I-PER O B-LOC B-LOC"),
        ("IOB1", "I-PER I-PER O I-LOC B-LOC"),
        ("IOBES", "B-PER E-PER O S-LOC S-LOC"),
        ("BILOU", "B-PER L-PER O U-LOC U-LOC"),
    ],
)
def test_every_scheme_says_the_same(scheme: str, tags: str) -> None:
    sentence = forms.from_tags(["Anna", "Kovac", "likes", "Oslo", "Lisbon"], tags.split())
    assert sentence.tags == ["B-PER", "I-PER", "O", "B-LOC", "B-LOC"]
    assert sentence.spans == [[0, 10, "PER"], [17, 21, "LOC"], [22, 28, "LOC"]]


def test_two_types_side_by_side_are_two_entities() -> None:
    sentence = forms.from_tags(list("abcd"), ["B-X", "I-Y", "I-Y", "I-X"])
    assert [tuple(entity) for entity in sentence.entities] == [(0, 1, "X"), (1, 3, "Y"), (3, 4, "X")]


def test_words_of_running_text() -> None:
    text = "O’Neill's 東京 trip, é हिन्दी!"
    assert [text[a:b] for a, b in forms.word_places(text)] == [
        "O",
        "’",
        "Neill",
        "'",
        "s",
        "東",
        "京",
        "trip",
        ",",
        "é",
        "हिन्दी",
        "!",
    ]


def test_a_span_may_hold_spaces_at_its_ends_but_not_parts_of_words() -> None:
    assert forms.from_spans("Bo met Al.", [(0, 3, "PER")]).snapped == 0
    cut = forms.from_spans("Bo met Al.", [(8, 9, "PER")])
    assert (cut.snapped, cut.spans) == (1, [[7, 9, "PER"]])
    with pytest.raises(UnusableRow):
        forms.from_spans("Bo  met", [(2, 4, "PER")])


def test_the_repair_says_the_same_in_bio() -> None:
    columns = {"tokens": "tokens", "tags": "tags"}
    row = {"tokens": '["Anna", "Kovac", "slept"]', "tags": "I-PER I-PER O"}
    mended = {**row, **TASK.rewritten(row, columns, {})}
    assert json.loads(mended["tags"]) == ["B-PER", "I-PER", "O"]
    assert TASK.marked(mended, columns) == TASK.marked(row, columns)
    spans = {"text": "Bo met Al.", "spans": '[[7, 8, "Per"]]'}
    row = TASK.rewritten(spans, {"text": "text", "spans": "spans"}, {"Per": "PER"})
    assert json.loads(row["spans"]) == [[7, 9, "PER"]]
    assert TASK.rewritten({"t": "Bo/I-PER left/O"}, {"text": "t"}, {}) == {"t": "Bo/B-PER left/O"}


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
