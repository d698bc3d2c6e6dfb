"""Fixing, leaving out, adding and undoing: every save is a version of its own, checked anew, with its differences."""

import csv
import io
import json

import pyarrow
import pytest
from pyarrow import parquet

from app import storage
from app.catalog.task_types.label_forms import merged_forms, variants
from app.errors import Conflict, NotFound, Rejected
from app.services.accounts import accounts
from app.services.datasets import changes as changes
from app.services.datasets import datasets
from app.services.datasets.changes import Add, Clean, Delete, Edit, Exclude, Include, MergeLabels, SetColumn
from app.services.datasets.exports import escape_formula, export_report, export_version
from app.services.datasets.imports import ImportOptions
from app.services.datasets.row_search import Selection, find_rows
from app.services.datasets.versions import list_versions, read_changes, restore

GOOD = [(f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]) for n in range(100)]
BAD = [("", "a"), ("  ", "b"), ("something", ""), (GOOD[0][0], "a"), ("=HYPERLINK(1)", "a")]


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def made(owner, tmp_path):
    return datasets.import_file(owner, (write(tmp_path / "x.csv", [*GOOD, *BAD]), "x.csv"))


def newest(dataset):
    return datasets.latest_version(dataset)


def folder_of(version):
    return storage.dataset_dir(version.id)


def codes(version):
    return {each["code"]: each["count"] for each in version.report["problems"]}


def splits_of(version):
    return storage.read_json(folder_of(version) / "splits.json")


def test_every_row_of_a_problem_is_shown_with_its_cells(owner, made):
    assert codes(newest(made)) == {"empty_text": 2, "empty_label": 1, "duplicate_rows": 1}
    page = find_rows(folder_of(newest(made)), Selection(problem="empty_text"), limit=1)
    assert [(row["_line"], row["cells"]) for row in page.rows] == [(102, {"text": "", "label": "a"})]
    assert page.matching == 2
    rest = find_rows(folder_of(newest(made)), Selection(problem="empty_text"), after=page.after, limit=1)
    assert [row["_line"] for row in rest.rows] == [103] and rest.after is None


def test_excluded_rows_are_recorded_rechecked_and_come_back(owner, made):
    first = newest(made)
    after = newest(changes.change(owner, made.id, [Exclude(Selection(problem="empty_text"))], version=1))
    assert codes(after) == {"empty_label": 1, "duplicate_rows": 1}
    assert after.report["rows"] == {"total": 105, "usable": 102, "excluded": 2}
    assert (after.number, after.author_id, after.change["summary"]) == (2, owner, "2 rows left out.")
    told = read_changes(owner, made.id, 2)
    assert [(each["kind"], each["line"]) for each in told.entries] == [("excluded", 102), ("excluded", 103)]
    assert newest(datasets.get_dataset(owner, made.id)).id == after.id and splits_of(after) == splits_of(first)
    back = newest(changes.change(owner, made.id, [Include(Selection())]))
    assert codes(back) == codes(first) and "excluded" not in back.report["rows"]
    again = newest(restore(owner, made.id, 2))
    assert again.content_sha256 == after.content_sha256 and again.number == 4
    assert [version.number for version in list_versions(owner, made.id)] == [4, 3, 2, 1]


def test_fixed_cells_count_and_the_old_version_stays(owner, made):
    first = newest(made)
    fixes = [Edit(100, {"text": "a new text"}), Edit(102, {"label": "b"}), Delete(Selection(ids=(101, 103)))]
    after = newest(changes.change(owner, made.id, [*fixes, Add({"text": "added by hand", "label": "a"})]))
    assert codes(after) == {} and after.status == "ok"
    assert (after.rows, after.usable_rows) == (104, 104) and first.rows == 105
    entries = read_changes(owner, made.id, 2).entries
    assert {"kind": "edited", "id": 100, "line": 102, "column": "text", "before": "", "after": "a new text"} in entries
    assert [e["id"] for e in entries if e["kind"] == "deleted"] == [101, 103]
    assert [(e["id"], e["line"]) for e in entries if e["kind"] == "added"] == [(105, 107)]
    assert parquet.read_table(folder_of(first) / "rows.parquet").num_rows == 105
    dealt, before = splits_of(after), splits_of(first)
    assert dealt["validation"] == before["validation"] and dealt["test"] == [n for n in before["test"] if n != 103]
    assert {100, 102, 105} <= set(dealt["train"])
    # An id is never given twice, even after the row with the highest one is gone.
    changes.change(owner, made.id, [Delete(Selection(ids=(105,)))])
    last = newest(changes.change(owner, made.id, [Add({"text": "another one", "label": "b"})]))
    assert [e["id"] for e in read_changes(owner, made.id, last.number).entries] == [106] and last.rows == 104


def test_the_same_text_is_never_on_both_sides_after_an_edit(owner, made):
    dealt = splits_of(newest(made))
    train, test = dealt["train"][0], dealt["test"][0]
    text = GOOD[train][0]
    after = splits_of(newest(changes.change(owner, made.id, [Edit(test, {"text": text})])))
    assert test in after["train"] and test not in after["test"]


def test_a_label_is_set_on_everything_that_is_found(owner, made):
    wanted = SetColumn(Selection(search="FRUIT", column="label", value="b"), "label", "fruity")
    after = newest(changes.change(owner, made.id, [wanted]))
    assert after.labels == {"a": 52, "fruity": 50} and after.change["counts"] == {"edited": 50}


def test_label_variants_become_one(owner, tmp_path):
    rows = [(text, {"a": ["Card", "card ", "CARD"][n % 3], "b": "b"}[label]) for n, (text, label) in enumerate(GOOD)]
    made = datasets.import_file(owner, (write(tmp_path / "x.csv", rows), "x.csv"))
    assert "label_spelling" in codes(newest(made)) and len(newest(made).labels) == 4
    after = newest(changes.change(owner, made.id, [MergeLabels()]))
    assert (
        set(after.labels) == {"b", "Card"} or set(after.labels) == {"b", "card"} or set(after.labels) == {"b", "CARD"}
    )
    assert "label_spelling" not in codes(after) and sum(after.labels.values()) == 100


def test_hidden_characters_are_removed_with_one_click(owner, tmp_path):
    rows = [*GOOD, ("zero\u200bwidth and \x07bell", "a"), ("quite ordinary text here", "b")]
    made = datasets.import_file(owner, (write(tmp_path / "x.csv", rows), "x.csv"))
    after = newest(changes.change(owner, made.id, [Clean(Selection(problem="hidden_characters"))]))
    told = read_changes(owner, made.id, 2).entries
    assert [(each["line"], each["after"]) for each in told] == [(102, "zerowidth and bell")] and codes(after) == {}


def test_ways_of_writing_a_label():
    counts = {"caf\u00e9": 3, "cafe\u0301": 1, "Lost Card": 2, "lost_card": 5, "\uff21": 1, "a": 2, "b": 9}
    assert variants(counts) == [["a", "\uff21"], ["caf\u00e9", "cafe\u0301"], ["lost_card", "Lost Card"]]
    assert merged_forms({" x": 3, "X": 2}) == {" x": "x", "X": "x"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Edit(5000, {"text": "x"}), "row_not_found"),
        (Edit(1, {"nowhere": "x"}), "missing_column"),
        (Edit(1, {"text": "x" * 1_048_577}), "cell_too_long"),
        (Edit(1, {"text": GOOD[1][0]}), "nothing_changed"),
        (Add({"nowhere": "x"}), "missing_column"),
        (SetColumn(Selection(), "label", "a"), "one_class"),
        (Exclude(Selection()), "too_few_rows"),
        (Exclude(Selection(search="x" * 300)), "range"),
        (Exclude(Selection(column="nowhere", value="x")), "missing_column"),
    ],
)
def test_impossible_changes_are_refused_and_leave_no_version(owner, made, change, code):
    with pytest.raises(Rejected) as caught:
        changes.change(owner, made.id, [change])
    assert caught.value.code == code and caught.value.message
    assert len(datasets.get_dataset(owner, made.id).versions) == 1
    assert len(list((storage.data_dir() / "datasets").iterdir())) == 1


def test_two_people_cannot_overwrite_each_other(owner, made):
    changes.change(owner, made.id, [Edit(0, {"text": "mine"})], version=1)
    with pytest.raises(Conflict):
        changes.change(owner, made.id, [Edit(0, {"text": "yours"})], version=1)
    other = accounts.add_user("bob").id
    for call in (
        lambda: changes.change(other, made.id, [Edit(0, {"text": "x"})]),
        lambda: restore(other, made.id, 1),
        lambda: list_versions(other, made.id),
        lambda: export_version(other, made.id, "csv"),
        lambda: export_report(other, made.id),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(NotFound):
        restore(owner, made.id, 9)


def test_the_evaluation_file_stays_the_test(owner, tmp_path):
    own = write(tmp_path / "test.csv", [("fresh text", "a"), ("", "b"), ("more text", "b")])
    source = write(tmp_path / "x.csv", GOOD)
    made = datasets.import_file(owner, (source, "x.csv"), options=ImportOptions(evaluation=(own, "test.csv")))
    fixes = [Edit(101, {"text": "filled in"}), Add({"text": "one for training", "label": "a"})]
    after = newest(changes.change(owner, made.id, fixes))
    dealt = splits_of(after)
    assert dealt["test"] == [100, 101, 102] and 103 in dealt["train"] and after.status == "ok"
    page = find_rows(folder_of(after), Selection(search="filled"))
    assert page.rows[0]["evaluation"] and page.rows[0]["_line"] == 3


def test_lines_that_could_not_be_read_can_be_set_aside(owner, tmp_path):
    path = tmp_path / "x.jsonl"
    lines = [json.dumps({"text": text, "label": label}) for text, label in GOOD]
    path.write_text("\n".join([*lines[:5], "[1, 2]", *lines[5:]]))
    made = datasets.import_file(owner, (path, "x.jsonl"))
    (problem,) = newest(made).report["problems"]
    assert problem["rows"] == [6] and problem["stored_rows"] == 0
    after = newest(changes.change(owner, made.id, [Exclude(Selection(problem=problem["key"]))]))
    assert after.status == "ok" and after.report["rows"] == {"total": 101, "usable": 100, "excluded": 1}
    back = newest(changes.change(owner, made.id, [Include(Selection(excluded=True))]))
    assert codes(back) == codes(newest(made))


def test_a_cell_written_anew_is_no_longer_of_the_wrong_type(owner, tmp_path):
    rows = [{"text": text, "label": label} for text, label in GOOD]
    rows[7]["text"] = ["not", "text"]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(rows))
    made = datasets.import_file(owner, (path, "x.json"))
    assert codes(newest(made)) == {"nested_value": 1}
    after = newest(changes.change(owner, made.id, [Edit(7, {"text": "not text"})]))
    assert codes(after) == {} and after.usable_rows == 100


def read_csv(export):
    return list(csv.reader(io.StringIO(b"".join(export[2]).decode("utf-8-sig"))))


def test_versions_leave_in_every_format(owner, made):
    changes.change(owner, made.id, [Exclude(Selection(problem="empty_text"))])
    rows = read_csv(export_version(owner, made.id, "csv"))
    assert rows[0] == ["text", "label"] and len(rows) == 104 and rows[-1] == ["'=HYPERLINK(1)", "a"]
    assert read_csv(export_version(owner, made.id, "csv", raw=True))[-1] == ["=HYPERLINK(1)", "a"]
    assert len(read_csv(export_version(owner, made.id, "csv", everything=True))) == 106
    assert len(read_csv(export_version(owner, made.id, "csv", 1))) == 106
    told = b"".join(export_version(owner, made.id, "jsonl")[2]).decode().splitlines()
    assert json.loads(told[0]) == {"text": GOOD[0][0], "label": "a"} and len(told) == 103
    table = parquet.read_table(pyarrow.BufferReader(b"".join(export_version(owner, made.id, "parquet")[2])))
    assert table.column_names == ["text", "label"] and table.num_rows == 103


def test_an_export_is_the_same_data_when_it_comes_back(owner, made, tmp_path):
    kept = newest(changes.change(owner, made.id, [Exclude(Selection(problem="empty_text"))]))
    for kind in ("csv", "jsonl", "parquet"):
        name, _, content = export_version(owner, made.id, kind, raw=True)
        path = tmp_path / name
        path.write_bytes(b"".join(content))
        again = newest(datasets.import_file(owner, (path, name)))
        assert (again.rows, again.usable_rows, again.labels) == (103, 102, kept.labels), kind


def test_the_report_leaves_as_csv(owner, made):
    rows = read_csv(export_report(owner, made.id))
    assert rows[0][:4] == ["line", "file", "severity", "code"] and rows[0][-2:] == ["text", "label"]
    told = [(row[0], row[3], row[-1]) for row in rows[1:]]
    assert ("102", "empty_text", "a") in told and ("103", "empty_text", "b") in told and len(told) == 4


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-1+1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_cells_that_a_spreadsheet_would_run_are_made_escape_formula(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-5", "+1.5", "text", "", None, "a=1"])
def test_ordinary_cells_stay(cell):
    assert escape_formula(cell) == cell


def test_an_edited_text_is_counted_anew(owner, made):
    after = newest(changes.change(owner, made.id, [Edit(3, {"text": "word " * 300})]))
    assert codes(after)["cut_text"] == 1
    again = newest(changes.change(owner, made.id, [Exclude(Selection(problem="empty_text"))]))
    assert codes(again)["cut_text"] == 1
    assert "cut_text" not in codes(newest(changes.change(owner, made.id, [Edit(3, {"text": "short again"})])))
