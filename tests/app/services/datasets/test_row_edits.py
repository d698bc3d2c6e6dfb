"""The edited copy of a table: what changes, which problems of the reader go, which ids are given."""

import json

import pytest

from app.errors import Rejected
from app.readers.table import MAX_CELL
from app.services.datasets import changes, datasets
from app.services.datasets.changes import Edit
from app.services.datasets.row_edits import Edits, check_cell, write_edited
from app.services.datasets.row_tables import read_rows, store_rows
from tests.app.services.datasets.letters import ROWS, codes, newest


def test_edited_cell_loses_its_type_problem(owner, tmp_path):
    rows = [{"text": text, "label": label} for text, label in ROWS]
    rows[7]["text"] = ["not", "text"]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(rows))
    dataset = datasets.import_file(owner, (path, "x.json"))
    assert codes(newest(dataset)) == {"nested_value": 1}
    after = newest(changes.change(owner, dataset.id, [Edit(7, {"text": "not text"})]))
    assert codes(after) == {} and after.usable_rows == 100


@pytest.fixture
def stored(studio_home, file, tmp_path):
    """The folder and the reading of a stored table of 100 rows."""
    folder = tmp_path / "stored"
    folder.mkdir()
    return folder, store_rows(folder, (file, file.name))


def test_edited_copy_has_every_change_and_its_source_none(stored, tmp_path):
    folder, reading = stored
    edits = Edits(deleted={2}, added=[{"text": "added"}])
    edits.set(0, "label", "b")
    edits.set(1, "label", ROWS[1][1])
    entries = write_edited(folder, tmp_path, reading, edits)
    assert [(entry["kind"], entry["id"], entry["line"]) for entry in entries] == [
        ("edited", 0, 2),
        ("deleted", 2, 4),
        ("added", 100, 102),
    ]
    rows = list(read_rows(tmp_path, ["text", "label"]))
    assert rows[0]["label"] == "b" and [row["_id"] for row in rows[:3]] == [0, 1, 3]
    assert rows[-1] == {"_id": 100, "_line": 102, "text": "added", "label": None}
    assert (reading.stored, reading.next_id) == (100, 101)
    assert [row["text"] for row in read_rows(folder, ["text"])] == [text for text, _ in ROWS]


def test_cell_beyond_the_limit_is_refused():
    assert check_cell("x" * MAX_CELL, "text") and check_cell(None, "text") is None
    with pytest.raises(Rejected) as refused:
        check_cell("x" * (MAX_CELL + 1), "text")
    assert refused.value.code == "cell_too_long"
