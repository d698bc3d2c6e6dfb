"""Which columns hold marked words, and what is said about the rows as a whole."""

from pathlib import Path
from typing import Any

import pytest

from tests.app.catalog.task_types.checking import check, reported
from tests.app.catalog.task_types.tagged_rows import NAMES, spanned, tagged


def test_what_is_worth_a_look_stays_in(tmp_path: Path) -> None:
    report = check(tmp_path, tagged((["Bo", "left"], ["I-PER", "O"]), (["Al", "left"], ["B-Per", "O"])))
    assert ("i_without_b", "warning", [13]) in reported(report) and ("label_spelling", "warning", [14]) in reported(
        report
    )
    assert ("class_small", "warning", [14]) in reported(report) and report["rows"]["usable"] == 14
    within = check(tmp_path, spanned([[0, 1, "PER"]]))
    assert reported(within) == [("span_within_word", "warning", [13])]


def test_the_older_scheme_is_no_mistake(tmp_path: Path) -> None:
    """IOB1 begins with I-, and writes B- only between two entities of one type."""
    rows = [(f"{name} Lund met Bo".split(), ["I-PER", "I-PER", "O", "I-PER"]) for name in NAMES]
    rows.append((["Bo", "Al", "left"], ["I-PER", "B-PER", "O"]))
    assert reported(check(tmp_path, [{"tokens": words, "tags": tags} for words, tags in rows])) == []


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


def test_copies_and_contradictions_are_named(tmp_path: Path) -> None:
    copy, other = (
        (["Anna", "sleeps", "in", "Oslo"], ["B-PER", "O", "O", "B-LOC"]),
        (["Milo", "sleeps", "in", "Oslo"], ["O"] * 4),
    )
    report = check(tmp_path, tagged(copy, other))
    assert reported(report) == [("conflicting_labels", "warning", [2, 14]), ("duplicate_rows", "warning", [13])]


def test_rare_types_are_distinguished_from_common_ones(tmp_path: Path) -> None:
    twice = [(["Bo", str(n)], ["B-RARE", "O"]) for n in range(2)]
    report = check(
        tmp_path, tagged(*twice, *((["Al", "x"] * 14 + [str(n)], ["B-PER", "O"] * 14 + ["O"]) for n in range(2)))
    )
    # RARE is marked twice, PER 12 + 28 times.
    (problem,) = [problem for problem in report["problems"] if problem["code"] == "class_imbalance"]
    assert "40 times, the rarest 2" in problem["message"]
