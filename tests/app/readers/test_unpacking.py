"""Unpacking of untrusted archives: limits on size and ratio, and no file left behind."""

import gzip
import io
from pathlib import Path

import pytest

from app.errors import Rejected
from app.readers import FORMATS, Limits, Source
from app.readers.unpacking import FREE_BYTES, MAX_RATIO, Allowance, read_and_remove, refuse_nested, unpack


def source(folder: Path, size: int = 100, **options) -> Source:
    path = folder / "stored"
    path.write_bytes(b"x" * size)
    return Source(path, "a.zip", folder, FORMATS, **options)


def test_allowance_grows_with_the_archive_up_to_the_limit(tmp_path):
    assert Allowance(source(tmp_path)).limit == FREE_BYTES + MAX_RATIO * 100
    assert Allowance(source(tmp_path, limits=Limits(unpacked_bytes=9000))).limit == 9000


def test_members_share_one_allowance(tmp_path):
    allowance = Allowance(source(tmp_path, limits=Limits(unpacked_bytes=10)))
    assert unpack(io.BytesIO(b"12345678"), tmp_path, allowance).read_bytes() == b"12345678"
    with pytest.raises(Rejected) as caught:
        unpack(io.BytesIO(b"12345678"), tmp_path, allowance)
    assert caught.value.code == "archive_limit" and "more than 10 bytes" in caught.value.message


def test_broken_stream_leaves_no_file(tmp_path):
    packed = gzip.compress(b"text,label\n" * 1000)[:-12]
    with gzip.open(io.BytesIO(packed)) as opened, pytest.raises(Rejected) as caught:
        unpack(opened, tmp_path, Allowance(source(tmp_path)))
    assert caught.value.code == "archive_corrupt"
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


def test_unpacked_copy_is_removed_after_the_last_record(tmp_path):
    path = tmp_path / "copy"
    path.write_bytes(b"")
    records = read_and_remove(iter([(1, ["a"]), (2, ["b"])]), path)
    assert next(records) == (1, ["a"]) and path.exists()
    assert list(records) == [(2, ["b"])] and not path.exists()


def test_archive_in_an_archive_is_refused(tmp_path):
    refuse_nested(source(tmp_path), "a ZIP archive")
    with pytest.raises(Rejected, match="a gzip archive inside a ZIP archive"):
        refuse_nested(source(tmp_path, packed_in="a ZIP archive"), "a gzip archive")
