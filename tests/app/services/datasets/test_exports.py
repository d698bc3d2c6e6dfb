"""Exports of a version in every format, and of its report as CSV."""

import csv
import io
import json

import pyarrow
from pyarrow import parquet

from app.services.datasets import changes, datasets
from app.services.datasets.changes import Exclude
from app.services.datasets.exports import export_report, export_version
from app.services.datasets.row_search import Selection
from tests.app.services.datasets.letters import ROWS, newest


def read_csv(export):
    return list(csv.reader(io.StringIO(b"".join(export[2]).decode("utf-8-sig"))))


def test_version_is_exported_in_every_format(owner, dataset):
    changes.change(owner, dataset.id, [Exclude(Selection(problem="empty_text"))])
    rows = read_csv(export_version(owner, dataset.id, "csv"))
    assert rows[0] == ["text", "label"] and len(rows) == 104 and rows[-1] == ["'=HYPERLINK(1)", "a"]
    assert read_csv(export_version(owner, dataset.id, "csv", raw=True))[-1] == ["=HYPERLINK(1)", "a"]
    assert len(read_csv(export_version(owner, dataset.id, "csv", everything=True))) == 106
    assert len(read_csv(export_version(owner, dataset.id, "csv", 1))) == 106
    lines = b"".join(export_version(owner, dataset.id, "jsonl")[2]).decode().splitlines()
    assert json.loads(lines[0]) == {"text": ROWS[0][0], "label": "a"} and len(lines) == 103
    table = parquet.read_table(pyarrow.BufferReader(b"".join(export_version(owner, dataset.id, "parquet")[2])))
    assert table.column_names == ["text", "label"] and table.num_rows == 103


def test_imported_export_has_the_same_rows_and_labels(owner, dataset, tmp_path):
    kept = newest(changes.change(owner, dataset.id, [Exclude(Selection(problem="empty_text"))]))
    for kind in ("csv", "jsonl", "parquet"):
        name, _, content = export_version(owner, dataset.id, kind, raw=True)
        path = tmp_path / name
        path.write_bytes(b"".join(content))
        again = newest(datasets.import_file(owner, (path, name)))
        assert (again.rows, again.usable_rows, again.labels) == (103, 102, kept.labels), kind


def test_report_is_exported_as_csv(owner, dataset):
    rows = read_csv(export_report(owner, dataset.id))
    assert rows[0][:4] == ["line", "file", "severity", "code"] and rows[0][-2:] == ["text", "label"]
    problems = [(row[0], row[3], row[-1]) for row in rows[1:]]
    assert ("102", "empty_text", "a") in problems and ("103", "empty_text", "b") in problems and len(problems) == 4
