"""Arrow and Feather, and names that a file gives for its numbers."""

import json

import pyarrow
import pytest
from pyarrow import feather, ipc

from tests.app.readers.reading import cells, codes, read, refused

TABLE = pyarrow.table({"text": ["one", "two", None], "n": [1, 2, 3]})
FEATURES = {"label": {"names": ["water", "pests"], "_type": "ClassLabel"}}


def stream_of(table) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather_is_read(tmp_path, compression):
    feather.write_feather(TABLE, tmp_path / "f", compression=compression)
    table, records = read(tmp_path, "a.feather", (tmp_path / "f").read_bytes())
    assert cells(records) == [("one", "1"), ("two", "2"), (None, "3")] and table.format == "arrow"


def test_stream_of_arrow_is_read_and_a_cut_one_refused(tmp_path):
    content = stream_of(TABLE)
    assert len(read(tmp_path, "a.arrow", content)[1]) == 3
    assert refused(tmp_path, "a.arrow", content[: len(content) // 2]).code == "arrow_corrupt"


@pytest.mark.parametrize("name", ["a.arrow", "a.parquet"])
def test_names_that_a_file_gives_for_numbers_are_used_unless_declined(tmp_path, name):
    metadata = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    table = pyarrow.table({"text": ["a", "b", "c"], "label": [0, 1, 0]}).replace_schema_metadata(metadata)
    if name == "a.arrow":
        content = stream_of(table)
    else:
        from pyarrow import parquet

        parquet.write_table(table, tmp_path / "p")
        content = (tmp_path / "p").read_bytes()
    found, records = read(tmp_path, name, content)
    assert cells(records) == [("a", "water"), ("b", "pests"), ("c", "water")] and codes(found) == ["class_names"]
    assert cells(read(tmp_path, name, content, repairs={"class_names": False})[1])[0] == ("a", "0")


def test_arrow_without_rows_is_refused(tmp_path):
    empty = stream_of(TABLE.slice(0, 0))
    assert refused(tmp_path, "a.arrow", empty).code == "no_rows"
