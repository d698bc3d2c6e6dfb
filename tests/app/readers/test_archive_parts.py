"""Parts of an archive for training and for tests."""

import pyarrow
from pyarrow import ipc

from app.readers import archive_parts
from app.services.datasets import datasets
from tests.app import written_files as write
from tests.app.readers.reading import cells, codes, read

ROWS = [(f"text {n} about pumps and badges", "xy"[n % 2]) for n in range(40)]


def test_parts_are_recognised_by_the_names_of_folders_and_files():
    paths = ("train.csv", "data/test-00000-of-00001.parquet", "dev/a.csv", "a/contest.csv", "valid_set.csv")
    assert [archive_parts.part_of(path) for path in paths] == ["train", "test", "validation", "", "validation"]


def test_test_part_of_an_archive_is_the_evaluation_file_unless_declined(tmp_path):
    content = write.as_zip({"train.csv": write.as_csv(ROWS[:30]), "test.csv": write.as_csv(ROWS[30:])})
    table, records = read(tmp_path, "a.zip", content)
    assert cells(records) == ROWS[:30] and codes(table) == ["test_part"]
    assert table.evaluation is not None and cells(list(table.evaluation.records)) == ROWS[30:]
    table, records = read(tmp_path, "a.zip", content, repairs={"test_part": False})
    assert len(records) == 40 and table.evaluation is None and "file" in table.columns


def test_texts_in_folders_of_labels_below_train_and_test_are_kept_apart(tmp_path):
    files = {f"{part}/{kind}/{n}.txt": b"a text" for part in ("train", "test") for kind in "xy" for n in range(3)}
    table, records = read(tmp_path, "a.zip", write.as_zip(files))
    assert len(records) == 6 and table.evaluation is not None and len(list(table.evaluation.records)) == 6


def test_an_import_tests_on_that_part(owner, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(write.as_zip({"train.csv": write.as_csv(ROWS[:30]), "test.csv": write.as_csv(ROWS[30:])}))
    version = datasets.latest_version(datasets.import_file(owner, (path, "a.zip")))
    assert version.rows == 40 and version.report["rows"] == {"total": 40, "usable": 40}


def test_folder_of_save_to_disk_is_read_without_its_descriptions(tmp_path):
    sink = pyarrow.BufferOutputStream()
    table = pyarrow.table({"text": [row[0] for row in ROWS], "label": [row[1] for row in ROWS]})
    with ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    files = {
        "d/data-00000-of-00001.arrow": sink.getvalue().to_pybytes(),
        "d/state.json": b"{}",
        "d/dataset_info.json": b"{}",
    }
    found, records = read(tmp_path, "a.zip", write.as_zip(files))
    assert cells(records) == ROWS and codes(found) == []
