"""ZIP files with one table or several."""

import pytest

from app.errors import Rejected
from app.readers import Limits, open_table
from tests.app import written_files as write
from tests.app.readers.reading import ROWS, cells, check_refusal, codes, damaged_cases, read


@damaged_cases("zip")
def test_damaged_archive_is_refused_and_leaves_nothing_unpacked(tmp_path, file):
    check_refusal(tmp_path, file)


def test_several_tables_in_one_archive_are_read_as_one(tmp_path):
    files = {"b.csv": write.as_csv(ROWS[:2]), "a.jsonl": b'{"text": "x", "more": "y"}\nbroken\n', "README.md": b"Hello"}
    table, records = read(tmp_path, "a.zip", write.as_zip(files))
    assert table.columns == ["text", "label", "more", "file"]
    assert [line for line, _ in records] == [2, 3, 4]
    assert cells(records)[1:] == [(*ROWS[1], None, "b.csv"), ("x", None, "y", "a.jsonl")]
    flaws = {flaw.code: flaw for flaw in table.flaws.all()}
    assert flaws["json"].rows == [5] and "a.jsonl" in flaws["json"].message
    assert "README.md" in flaws["unread_files"].message
    assert "b.csv from row 1, a.jsonl from row 4" in flaws["several_files"].message


def test_single_table_is_read_as_itself(tmp_path):
    table, records = read(tmp_path, "a.zip", write.as_zip({"deep/folder/a.csv": write.as_csv(ROWS)}))
    assert table.columns == ["text", "label"] and cells(records) == ROWS and codes(table) == []


def test_parts_for_training_and_tests_share_one_limit(tmp_path):
    files = {
        f"{part}.csv": write.as_csv([(f"{part} {n}", "ab"[n % 2]) for n in range(50)]) for part in ("train", "test")
    }
    path = tmp_path / "stored"
    path.write_bytes(write.as_zip(files))
    size = sum(map(len, files.values()))
    table = open_table(path, "a.zip", limits=Limits(unpacked_bytes=size), folder=tmp_path)
    assert table.evaluation is not None and len(list(table.records)) == len(list(table.evaluation.records)) == 50
    with pytest.raises(Rejected) as caught:
        open_table(path, "a.zip", limits=Limits(unpacked_bytes=size - 1), folder=tmp_path)
    assert caught.value.code == "archive_limit"
