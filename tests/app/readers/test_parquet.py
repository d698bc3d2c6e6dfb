"""Parquet files."""

import json

import pyarrow
import pytest

from app.errors import TooLarge
from app.readers import Limits, open_table
from app.readers.columnar import class_names
from tests.app import written_files as write
from tests.app.readers.reading import cells, check_lost_rows, check_refusal, damaged_cases, read


@damaged_cases("parquet")
def test_damaged_file_is_refused_with_code_and_rows(tmp_path, file):
    check_refusal(tmp_path, file)


def test_row_with_a_nul_is_named_and_the_others_read(tmp_path):
    content = write.as_parquet([("a", "b"), ("c\0", "d")])
    check_lost_rows(tmp_path, "a.parquet", content, {"bad_character": [2]}, [1])


def test_values_become_text(tmp_path):
    columns = {"n": [1, None], "f": [0.5, float("nan")], "b": [True, False], "y": [b"ok", b"\xff"], "l": [[1], None]}
    table, records = read(tmp_path, "a.parquet", write.columns_as_parquet(columns))
    assert records[0] == (1, ["1", "0.5", "true", "ok", "[1]"])
    assert records[1][1][:3] == [None, None, "false"]
    assert {(flaw.code, flaw.column, *flaw.rows) for flaw in table.flaws.all()} == {
        ("parquet_nested", "l", 1),
        ("bad_character", "y", 2),
    }


def test_file_that_claims_too_many_rows_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(write.as_parquet([("a", "x"), ("b", "y")]))
    with pytest.raises(TooLarge):
        open_table(path, "a.parquet", limits=Limits(rows=1))


def test_moments_that_python_cannot_hold_become_text(tmp_path):
    nano = pyarrow.array([1, 1_700_000_000_000_000_000], pyarrow.timestamp("ns"))
    far = pyarrow.array([0, 316_516_204_800_000_000], pyarrow.timestamp("us"))
    plain = pyarrow.array([0, 86_400_000], pyarrow.timestamp("ms"))
    _, records = read(tmp_path, "a.parquet", write.columns_as_parquet({"n": nano, "f": far, "p": plain}))
    assert cells(records)[0][0] == "1970-01-01 00:00:00.000000001"
    assert cells(records)[1][1].startswith("12000-01-01")
    assert [row[2] for row in cells(records)] == ["1970-01-01T00:00:00", "1970-01-02T00:00:00"]


@pytest.mark.parametrize("feature", [5, True, "text"])
def test_odd_description_of_a_column_names_no_classes(feature):
    described = {"info": {"features": {"label": feature, "kind": {"_type": "ClassLabel", "names": ["a", "b"]}}}}
    assert class_names({b"huggingface": json.dumps(described).encode()}) == {"kind": ["a", "b"]}
