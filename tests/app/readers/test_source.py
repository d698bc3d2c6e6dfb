"""The name of a file, and its beginning."""

from pathlib import Path

import pytest

from app.errors import Rejected
from app.readers import FORMATS, Choices, Source
from app.readers.source import HEAD_BYTES, FileHead


def source(folder: Path, name: str, content: bytes = b"x", **choices: str) -> Source:
    path = folder / "stored"
    path.write_bytes(content)
    return Source(path, name, folder, FORMATS, Choices(**choices))


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.CSV", "csv"), ("a.tar.gz", "gz"), ("C:\\data.v2\\rows", ""), ("folder.d/rows.json ", "json"), ("rows", "")],
)
def test_extension_is_the_last_ending_of_the_name(tmp_path, name, extension):
    assert source(tmp_path, name).extension == extension


def test_head_is_decoded_in_the_named_encoding(tmp_path):
    content = "Grüße".encode("cp1252")
    assert FileHead(source(tmp_path, "a.txt", content, encoding="cp1252")).text == "Grüße"
    assert FileHead(source(tmp_path, "a.txt", content)).text == "Gr\ufffd\ufffde"


def test_head_of_a_long_file_is_short(tmp_path):
    assert len(FileHead(source(tmp_path, "a.txt", b"x" * (HEAD_BYTES + 1))).text) == HEAD_BYTES


def test_head_of_a_picture_has_no_text(tmp_path):
    with pytest.raises(Rejected, match="a PNG picture"):
        _ = FileHead(source(tmp_path, "a.txt", b"\x89PNG\r\n\x1a\n")).text
