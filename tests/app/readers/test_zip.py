"""ZIP files with one table or several."""

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
