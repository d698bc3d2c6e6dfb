"""The table of formats: every format gives the same rows, and the upload page offers every ending."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.readers import EXTENSIONS, FORMATS
from studio_ui.components.upload import ACCEPTED
from tests.app import written_files as write
from tests.app.readers.reading import QUICK, ROWS, cell_texts, cells, codes, read

# In quotes, a tab that ends a line looks in a table with tabs like an empty cell between two quotes that are texts.
ARBITRARY = st.lists(
    st.tuples(cell_texts().filter(lambda text: not re.search(r"\t[\r\n]", text)), st.sampled_from(["a", "b ", "ä"])),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(("name", "writer"), write.WRITERS, ids=[name for name, _ in write.WRITERS])
def test_every_format_gives_the_same_rows_and_leaves_nothing_behind(tmp_path, name, writer):
    table, records = read(tmp_path, name, writer(ROWS))
    assert table.columns == ["text", "label"]
    assert cells(records) == ROWS
    assert codes(table) == []
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", write.as_csv(ROWS), "csv"),
        ("a.csv", write.as_csv(ROWS, ";"), "csv"),
        ("a.CSV", write.as_csv(ROWS, "|"), "csv"),
        ("a.csv", write.as_csv(ROWS, "\t"), "tsv"),
        ("a.tsv", write.as_csv(ROWS, "\t"), "tsv"),
        ("a.csv", write.as_csv(ROWS, line_end="\r\n"), "csv"),
        ("a.json", write.as_json(ROWS), "json"),
        ("a.json", write.as_json(ROWS, indent=2), "json"),
        ("a.jsonl", write.as_jsonl(ROWS), "jsonl"),
        ("a.ndjson", write.as_jsonl(ROWS).replace(b"\n", b"\r\n"), "jsonl"),
        ("a.parquet", write.as_parquet(ROWS), "parquet"),
    ],
)
def test_format_of_a_table_is_named(tmp_path, name, content, kind):
    table, records = read(tmp_path, name, content)
    assert (table.format, table.columns) == (kind, ["text", "label"])
    assert cells(records) == ROWS
    assert table.flaws.all() == []


@QUICK
@given(rows=ARBITRARY)
def test_arbitrary_cells_are_read_as_written_in_every_format(tmp_path, rows):
    for name, writer in write.WRITERS:
        _, records = read(tmp_path, name, writer(rows))
        found = [tuple(cell or "" for cell in row) for _, row in records]
        assert found == rows, name


def test_no_two_formats_claim_the_same_ending():
    assert len(set(EXTENSIONS)) == len(EXTENSIONS) == sum(len(kind.EXTENSIONS) for kind in FORMATS)


def test_every_format_says_what_it_is():
    assert all(kind.NAME and kind.__doc__ and kind.EXTENSIONS for kind in FORMATS)


def test_upload_page_offers_every_ending():
    assert {f".{ending}" for ending in EXTENSIONS} <= set(ACCEPTED)
