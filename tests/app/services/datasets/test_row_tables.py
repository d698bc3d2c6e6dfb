"""The stored table: limits while it is written, reading it by portions and by sample."""

import pyarrow
import pytest
from pyarrow import parquet

from app.errors import TooLarge
from app.services.datasets import datasets, row_tables
from app.settings import get_settings
from tests.app.services.datasets.letters import ROWS, nothing_stored


@pytest.mark.parametrize(("setting", "value"), [("STUDIO_MAX_ROWS", "99"), ("STUDIO_MAX_UPLOAD_BYTES", "1000")])
def test_import_beyond_the_limits_is_refused(owner, file, monkeypatch, setting, value):
    monkeypatch.setenv(setting, value)
    get_settings.cache_clear()
    with pytest.raises(TooLarge):
        datasets.import_file(owner, (file, "a.csv"))
    assert nothing_stored()


def test_small_parquet_that_decodes_to_too_much_text_is_refused(owner, tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"text": ["y" * 1_000_000] * 200, "label": ["a"] * 200}), path)
    assert path.stat().st_size < 1_000_000
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_BYTES", "10000000")
    get_settings.cache_clear()
    assert datasets.check_file(path, "x.parquet")["problems"][0]["code"] == "too_large"


def test_rows_are_read_in_portions_up_to_a_limit(studio_home, file, tmp_path, monkeypatch):
    monkeypatch.setattr(row_tables, "PORTION_ROWS", 7)
    reading = row_tables.store_rows(tmp_path, (file, file.name))
    assert row_tables.load_reading(tmp_path) == reading and (reading.stored, reading.columns) == (
        100,
        ["text", "label"],
    )
    rows = list(row_tables.read_rows(tmp_path, ["label"], limit=10))
    assert rows == [{"_id": n, "_line": n + 2, "label": "ab"[n % 2]} for n in range(10)]
    assert len(list(row_tables.read_rows(tmp_path, ["label"]))) == 100


def test_sample_is_spread_evenly_over_the_table(studio_home, file, tmp_path, monkeypatch):
    monkeypatch.setattr(row_tables, "PORTION_ROWS", 7)
    row_tables.store_rows(tmp_path, (file, file.name))
    sample = row_tables.sample_rows(tmp_path, ["text"], 100, 10)
    assert [row["text"] for row in sample] == [text for text, _ in ROWS[::10]]


def test_ids_of_a_removed_row_are_not_given_again():
    main = row_tables.FilePart("a.csv", "csv", "utf-8", 1, ["text"], first_id=0, rows=3)
    evaluation = row_tables.FilePart("b.csv", "csv", "utf-8", 1, ["text"], first_id=3, rows=2)
    reading = row_tables.Reading(main, evaluation, added=1, added_span=1)
    evaluation.rows, reading.added = 1, 0
    assert (reading.stored, reading.next_id) == (4, 6)
    assert [reading.is_evaluation(row_id) for row_id in (2, 3, 4, 5)] == [False, True, True, False]
