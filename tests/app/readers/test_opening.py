"""The format of a file is recognised by its content."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import StudioError
from app.readers import EXTENSIONS
from tests.app import written_files as write
from tests.app.readers.reading import QUICK, ROWS, cells, check_refusal, codes, damaged_cases, read, refused

OTHER_NAMES = ("data", "data.xyz", "data.txt", "data.csv", "data.json", "data.jsonl", "data.parquet", "data.xlsx")


@damaged_cases("opening")
def test_empty_file_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize(("name", "writer"), write.WRITERS, ids=[name for name, _ in write.WRITERS])
def test_content_decides_not_the_name(tmp_path, name, writer):
    """Packed files under another format's name are the exception: they are refused, never unpacked."""
    for other in OTHER_NAMES:
        content = writer(ROWS)
        if name.endswith((".gz", ".zip")) and other not in ("data", "data.xyz"):
            assert refused(tmp_path, other, content).code in ("type_mismatch", "xlsx_corrupt")
            continue
        table, records = read(tmp_path, other, content)
        assert cells(records) == ROWS, other
        assert set(codes(table)) <= {"read_as", "read_as_lines"}, other


def hostile(name: str) -> st.SearchStrategy[bytes]:
    """Bytes that begin like a good file and go wrong."""
    good = dict(write.WRITERS)[name](ROWS)
    cut = st.integers(0, len(good)).map(lambda at: good[:at])
    spoilt = st.tuples(st.integers(0, len(good) - 1), st.binary(min_size=1, max_size=8)).map(
        lambda change: good[: change[0]] + change[1] + good[change[0] + len(change[1]) :]
    )
    return st.one_of(cut, spoilt)


ANY_FILE = st.one_of(
    st.tuples(st.sampled_from([*(f"a.{ending}" for ending in EXTENSIONS), "a", "a.xyz"]), st.binary(max_size=300)),
    # Spoilt Parquet can end the process; ``test_isolation`` has it.
    *(st.tuples(st.just(name), hostile(name)) for name, _ in write.WRITERS if name != "a.parquet"),
)


@settings(QUICK, max_examples=400)
@given(file=ANY_FILE)
def test_arbitrary_bytes_are_read_or_refused_in_words(tmp_path, file):
    name, content = file
    try:
        table, _ = read(tmp_path, name, content)
    except StudioError as error:
        assert error.code and error.message and error.hint
        json.dumps(error.as_dict()).encode()
    else:
        assert table.columns
        json.dumps([flaw.as_dict() for flaw in table.flaws.all()]).encode()
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]
