"""The data report: usable rows and problems, guessed and given columns, the evaluation file."""

import json

import pytest

from app.catalog.task_types import TASK_TYPES
from app.errors import Rejected
from app.services.datasets import changes, datasets
from app.services.datasets.changes import Exclude
from app.services.datasets.imports import ImportOptions
from app.services.datasets.row_search import Selection
from tests.app import written_files
from tests.app.services.datasets.letters import ROWS, codes, newest, nothing_stored, splits_of, table_of, write


def test_unusable_rows_are_reported_and_in_no_split(owner, tmp_path):
    rows = [*ROWS, ("", "a"), ("text", ""), ROWS[0]]
    path = write(tmp_path / "x.csv", rows)
    path.write_text(path.read_text() + "one,two,three\n")
    version = datasets.latest_version(datasets.import_file(owner, (path, "x.csv")))
    assert version.report["rows"] == {"total": 104, "usable": 101} and version.status == "warnings"
    lines = {problem["code"]: problem["rows"] for problem in version.report["problems"]}
    assert lines == {"csv_shape": [105], "empty_text": [102], "empty_label": [103], "duplicate_rows": [104]}
    splits = splits_of(version)
    ids = sorted(n for name in ("train", "validation", "test") for n in splits[name])
    assert ids == [*range(100), 102]
    assert any({0, 102} <= set(splits[name]) for name in ("train", "validation", "test"))
    assert sum(version.labels.values()) == 101


def test_evaluation_file_becomes_the_test_split(owner, file, tmp_path):
    extra = [("fresh one", "a", "x"), ("fresh two", "never", "x"), (ROWS[3][0], "b", "x"), ("", "a", "x")]
    evaluation = write(tmp_path / "test.csv", extra, ("text", "label", "note"))
    dataset = datasets.import_file(
        owner, (file, "letters.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv"))
    )
    version = datasets.latest_version(dataset)
    table, splits = table_of(version), splits_of(version)
    assert splits["test"] == [100, 102] and splits["how"] == "own evaluation file"
    assert sorted(splits["train"] + splits["validation"]) == list(range(100)) and len(splits["validation"]) == 10
    assert table["_line"].to_pylist()[99:] == [101, 2, 3, 4, 5]
    lines = {problem["code"]: problem["rows"] for problem in version.report["problems"]}
    assert lines == {"unknown_label": [3], "leakage": [4], "empty_text": [5]}
    assert version.report["rows"] == {"total": 104, "usable": 102}
    assert list(version.labels) == ["a", "b"] and sum(version.labels.values()) == 102


def test_evaluation_file_without_usable_rows_or_columns_is_refused(owner, file, tmp_path):
    evaluation = write(tmp_path / "test.csv", [("text", "never")])
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv")))
    assert caught.value.code == "too_few_rows" and nothing_stored()
    evaluation = write(tmp_path / "test.csv", ROWS, ("words", "label"))
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv")))
    assert caught.value.code == "missing_column" and "evaluation" in caught.value.message and nothing_stored()


def test_unknown_column_is_refused_with_the_nearest_name(owner, file):
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), columns={"text": "texts"})
    assert caught.value.code == "missing_column" and "'text'" in caught.value.hint
    for columns, code in ({"words": "text"}, "unknown_role"), ({"text": "text", "label": "text"}, "same_column"):
        with pytest.raises(Rejected) as caught:
            datasets.import_file(owner, (file, "a.csv"), columns=columns)
        assert caught.value.code == code
    report = datasets.check_file(file, "a.csv", columns={"text": "texts"})
    assert report["status"] == "rejected" and report["rows"] == {"total": 100, "usable": 0}
    assert nothing_stored()


def test_given_column_replaces_the_guessed_one(owner, tmp_path):
    path = write(
        tmp_path / "x.csv", [(*row, "cd"[n % 3 == 0], "Rest") for n, row in enumerate(ROWS)], ("a", "b", "c", "d")
    )
    version = datasets.latest_version(datasets.import_file(owner, (path, "x.csv"), columns={"label": "c"}))
    assert version.columns == {"text": "a", "label": "c"} and set(version.labels) == {"c", "d"}


def test_nested_values_count_only_in_chosen_columns(owner, tmp_path):
    rows = [{"text": text, "label": label, "meta": {"n": 1}, "other": [text, label]} for text, label in ROWS]
    rows[7]["text"] = ["not", "text"]
    rows[8]["label"] = 1
    path = tmp_path / "x.json"
    path.write_text(json.dumps(rows))
    report = datasets.check_file(path, "x.json", columns={"text": "text", "label": "label"})
    lines = {problem["code"]: problem["rows"] for problem in report["problems"]}
    assert lines["nested_value"] == [8] and lines["label_type"] == [9] and set(report["columns"]) == {"text", "label"}
    assert report["rows"] == {"total": 100, "usable": 99}
    report = datasets.check_file(path, "x.json", columns={"text": "other", "label": "label"})
    assert report["status"] == "rejected" and "nested_value" in [problem["code"] for problem in report["problems"]]


@pytest.mark.parametrize(
    ("names", "row", "kind"),
    [
        (["prompt", "chosen", "rejected"], ["say {n}", "yes {n}, gladly", "no {n}"], "preference"),
        (["text", "labels"], ["text {n} of many", ["a", "b"]], "multi-label-classification"),
        (["Sentence1", "sentence2", "label"], ["one {n}", "two {n}", "same"], "pair-classification"),
        (["text", "kind", "score"], ["text {n} of many", "a", "0.{n}5"], "regression"),
    ],
)
def test_data_that_no_task_serves_is_named(tmp_path, names, row, kind):
    rows = [[cell.format(n=n) if isinstance(cell, str) else cell for cell in row] for n in range(40)]
    path = tmp_path / "a.jsonl"
    path.write_bytes(written_files.as_jsonl(rows, names))
    report = datasets.check_file(path, path.name)
    if kind in [task.kind for task in TASK_TYPES]:
        assert report["task"] == kind
        return
    assert report["status"] == "rejected" and report["problems"][0]["code"] == "no_task_yet"
    assert "no task for it here yet" in report["problems"][0]["message"]


def test_rows_left_out_of_a_column_that_is_used_are_not_said_to_be_unused(owner, tmp_path):
    path = tmp_path / "x.jsonl"
    rows = [json.dumps({"text": text, "label": label}) for text, label, *_ in ROWS]
    path.write_text("\n".join([*rows, '{"text": NaN, "label": "a"}']) + "\n")
    dataset = datasets.import_file(owner, (path, "x.jsonl"))
    assert "json" in codes(newest(dataset))
    after = newest(changes.change(owner, dataset.id, [Exclude(Selection(problem="json"))]))
    assert after.report["rows"]["excluded"] == 1 and codes(after) == {}
