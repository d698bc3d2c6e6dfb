"""Changes by hand: cells, labels, rows added, deleted, excluded and included; each save is a checked version."""

import json

import pytest
from pyarrow import parquet

from app import storage
from app.catalog.task_types.label_forms import merged_forms, variants
from app.errors import Rejected
from app.services.datasets import changes, datasets
from app.services.datasets.changes import Add, Clean, Delete, Edit, Exclude, Include, Mask, MergeLabels, SetColumn
from app.services.datasets.imports import ImportOptions
from app.services.datasets.row_search import Selection, find_rows
from app.services.datasets.versions import list_versions, read_changes, restore
from tests.app.services.datasets.letters import ROWS, codes, folder_of, newest, splits_of, write


def test_excluded_rows_are_recorded_and_can_be_included_or_restored(owner, dataset):
    first = newest(dataset)
    after = newest(changes.change(owner, dataset.id, [Exclude(Selection(problem="empty_text"))], version=1))
    assert codes(after) == {"empty_label": 1, "duplicate_rows": 1}
    assert after.report["rows"] == {"total": 105, "usable": 102, "excluded": 2}
    assert (after.number, after.author_id, after.change["summary"]) == (2, owner, "2 rows left out.")
    page = read_changes(owner, dataset.id, 2)
    assert [(entry["kind"], entry["line"]) for entry in page.entries] == [("excluded", 102), ("excluded", 103)]
    assert newest(datasets.get_dataset(owner, dataset.id)).id == after.id and splits_of(after) == splits_of(first)
    back = newest(changes.change(owner, dataset.id, [Include(Selection())]))
    assert codes(back) == codes(first) and "excluded" not in back.report["rows"]
    again = newest(restore(owner, dataset.id, 2))
    assert again.content_sha256 == after.content_sha256 and again.number == 4
    assert [version.number for version in list_versions(owner, dataset.id)] == [4, 3, 2, 1]


def test_edits_deletions_and_additions_make_a_version_and_leave_the_old_one(owner, dataset):
    first = newest(dataset)
    fixes = [Edit(100, {"text": "a new text"}), Edit(102, {"label": "b"}), Delete(Selection(ids=(101, 103)))]
    after = newest(changes.change(owner, dataset.id, [*fixes, Add({"text": "added by hand", "label": "a"})]))
    assert codes(after) == {} and after.status == "ok"
    assert (after.rows, after.usable_rows) == (104, 104) and first.rows == 105
    entries = read_changes(owner, dataset.id, 2).entries
    assert {"kind": "edited", "id": 100, "line": 102, "column": "text", "before": "", "after": "a new text"} in entries
    assert [entry["id"] for entry in entries if entry["kind"] == "deleted"] == [101, 103]
    assert [(entry["id"], entry["line"]) for entry in entries if entry["kind"] == "added"] == [(105, 107)]
    assert parquet.read_table(folder_of(first) / "rows.parquet").num_rows == 105
    splits, before = splits_of(after), splits_of(first)
    assert splits["validation"] == before["validation"] and splits["test"] == [n for n in before["test"] if n != 103]
    assert {100, 102, 105} <= set(splits["train"])
    # An id is never given twice, even after the row with the highest one is gone.
    changes.change(owner, dataset.id, [Delete(Selection(ids=(105,)))])
    last = newest(changes.change(owner, dataset.id, [Add({"text": "another one", "label": "b"})]))
    assert [entry["id"] for entry in read_changes(owner, dataset.id, last.number).entries] == [106] and last.rows == 104


def test_row_edited_to_a_training_text_leaves_the_test_split(owner, dataset):
    splits = splits_of(newest(dataset))
    train, test = splits["train"][0], splits["test"][0]
    text = ROWS[train][0]
    after = splits_of(newest(changes.change(owner, dataset.id, [Edit(test, {"text": text})])))
    assert test in after["train"] and test not in after["test"]


def test_label_is_set_on_all_rows_of_a_selection(owner, dataset):
    wanted = SetColumn(Selection(search="FRUIT", column="label", value="b"), "label", "fruity")
    after = newest(changes.change(owner, dataset.id, [wanted]))
    assert after.labels == {"a": 52, "fruity": 50} and after.change["counts"] == {"edited": 50}


def test_spelling_variants_of_a_label_are_merged(owner, tmp_path):
    rows = [(text, {"a": ["Card", "card ", "CARD"][n % 3], "b": "b"}[label]) for n, (text, label) in enumerate(ROWS)]
    dataset = datasets.import_file(owner, (write(tmp_path / "x.csv", rows), "x.csv"))
    assert "label_spelling" in codes(newest(dataset)) and len(newest(dataset).labels) == 4
    after = newest(changes.change(owner, dataset.id, [MergeLabels()]))
    assert (
        set(after.labels) == {"b", "Card"} or set(after.labels) == {"b", "card"} or set(after.labels) == {"b", "CARD"}
    )
    assert "label_spelling" not in codes(after) and sum(after.labels.values()) == 100


def test_cleaning_removes_hidden_characters(owner, tmp_path):
    rows = [*ROWS, ("zero\u200bwidth and \x07bell", "a"), ("quite ordinary text here", "b")]
    dataset = datasets.import_file(owner, (write(tmp_path / "x.csv", rows), "x.csv"))
    after = newest(changes.change(owner, dataset.id, [Clean(Selection(problem="hidden_characters"))]))
    entries = read_changes(owner, dataset.id, 2).entries
    assert [(entry["line"], entry["after"]) for entry in entries] == [(102, "zerowidth and bell")] and codes(
        after
    ) == {}


def test_personal_data_is_masked_and_no_longer_found(owner, tmp_path):
    rows = [*ROWS, ("write to jane.doe@example.org or call +49 30 1234 5678 please", "a"), ("born 2024-05-17", "b")]
    dataset = datasets.import_file(owner, (write(tmp_path / "x.csv", rows), "x.csv"))
    keys = [found["key"] for found in newest(dataset).report["problems"] if found["code"] == "personal_data"]
    after = newest(changes.change(owner, dataset.id, [Mask(Selection(problem=key)) for key in keys]))
    (entry,) = read_changes(owner, dataset.id, 2).entries
    assert entry["after"] == "write to [email] or call [phone] please"
    assert len(keys) == 2 and "personal_data" not in codes(after)


def test_masks_leave_conversations_in_json(owner, tmp_path):
    """A line break before an address is written as a backslash and n, and numbers may look like cards."""
    asked = [{"role": "user", "content": f"Number {n}\njane@example.org", "id": 4111111111111111} for n in range(20)]
    rows = [(json.dumps([turn, {"role": "assistant", "content": "Ask für bob@example.org"}]),) for turn in asked]
    path = write(tmp_path / "x.csv", rows, ("messages",))
    dataset = datasets.import_file(owner, (path, "x.csv"), task_type="chat", columns={"messages": "messages"})
    after = newest(changes.change(owner, dataset.id, [Mask(Selection(ids=(3,)))]))
    (entry,) = read_changes(owner, dataset.id, 2).entries
    assert json.loads(entry["after"]) == [
        {"role": "user", "content": "Number 3\n[email]", "id": 4111111111111111},
        {"role": "assistant", "content": "Ask für [email]"},
    ]
    assert "für" in entry["after"] and after.usable_rows == 20


def test_masks_leave_the_labels_of_several(owner, tmp_path):
    rows = [(f"mail {n} to jane@example.org", ("a@example.org", "b")[n % 2]) for n in range(60)]
    path = write(tmp_path / "x.csv", rows, ("text", "topics"))
    columns = {"text": "text", "labels:;": "topics"}
    kind = "multi-label-classification"
    dataset = datasets.import_file(owner, (path, "x.csv"), task_type=kind, columns=columns)
    before = newest(dataset).labels
    after = newest(changes.change(owner, dataset.id, [Mask(Selection())]))
    assert after.labels == before == {"a@example.org": 30, "b": 30}
    assert {entry["column"] for entry in read_changes(owner, dataset.id, 2).entries} == {"text"}


def test_label_variants_are_grouped_by_normalised_spelling():
    counts = {"caf\u00e9": 3, "cafe\u0301": 1, "Lost Card": 2, "lost_card": 5, "\uff21": 1, "a": 2, "b": 9}
    assert variants(counts) == [["a", "\uff21"], ["caf\u00e9", "cafe\u0301"], ["lost_card", "Lost Card"]]
    assert merged_forms({" x": 3, "X": 2}) == {" x": "x", "X": "x"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Edit(5000, {"text": "x"}), "row_not_found"),
        (Edit(1, {"nowhere": "x"}), "missing_column"),
        (Edit(1, {"text": "x" * 1_048_577}), "cell_too_long"),
        (Edit(1, {"text": ROWS[1][0]}), "nothing_changed"),
        (Add({"nowhere": "x"}), "missing_column"),
        (SetColumn(Selection(), "label", "a"), "one_class"),
        (Exclude(Selection()), "too_few_rows"),
        (Exclude(Selection(search="x" * 300)), "range"),
        (Exclude(Selection(column="nowhere", value="x")), "missing_column"),
    ],
)
def test_invalid_change_is_refused_and_adds_no_version(owner, dataset, change, code):
    with pytest.raises(Rejected) as caught:
        changes.change(owner, dataset.id, [change])
    assert caught.value.code == code and caught.value.message
    assert len(datasets.get_dataset(owner, dataset.id).versions) == 1
    assert len(list((storage.data_dir() / "datasets").iterdir())) == 1


def test_evaluation_file_stays_the_test_split_after_changes(owner, tmp_path):
    own = write(tmp_path / "test.csv", [("fresh text", "a"), ("", "b"), ("more text", "b")])
    source = write(tmp_path / "x.csv", ROWS)
    dataset = datasets.import_file(owner, (source, "x.csv"), options=ImportOptions(evaluation=(own, "test.csv")))
    fixes = [Edit(101, {"text": "filled in"}), Add({"text": "one for training", "label": "a"})]
    after = newest(changes.change(owner, dataset.id, fixes))
    splits = splits_of(after)
    assert splits["test"] == [100, 101, 102] and 103 in splits["train"] and after.status == "ok"
    page = find_rows(folder_of(after), Selection(search="filled"))
    assert page.rows[0]["evaluation"] and page.rows[0]["_line"] == 3


def test_unreadable_lines_can_be_excluded_and_included(owner, tmp_path):
    path = tmp_path / "x.jsonl"
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    path.write_text("\n".join([*lines[:5], "[1, 2]", *lines[5:]]))
    dataset = datasets.import_file(owner, (path, "x.jsonl"))
    (problem,) = newest(dataset).report["problems"]
    assert problem["rows"] == [6] and problem["stored_rows"] == 0
    after = newest(changes.change(owner, dataset.id, [Exclude(Selection(problem=problem["key"]))]))
    assert after.status == "ok" and after.report["rows"] == {"total": 101, "usable": 100, "excluded": 1}
    back = newest(changes.change(owner, dataset.id, [Include(Selection(excluded=True))]))
    assert codes(back) == codes(newest(dataset))


def test_tokens_of_an_edited_text_are_counted_again(owner, dataset):
    after = newest(changes.change(owner, dataset.id, [Edit(3, {"text": "word " * 300})]))
    assert codes(after)["cut_text"] == 1
    again = newest(changes.change(owner, dataset.id, [Exclude(Selection(problem="empty_text"))]))
    assert codes(again)["cut_text"] == 1
    assert "cut_text" not in codes(newest(changes.change(owner, dataset.id, [Edit(3, {"text": "short again"})])))
