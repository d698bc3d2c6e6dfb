"""JSON is parsed piece by piece, with the line and character of every fault."""

import json

import pytest

from app.errors import Rejected
from app.readers.decoding import Encoding
from app.readers.json_window import Window, end, items, keys
from app.readers.undecodable import PIECE
from tests.app.readers.reading import read, refused


def window(folder, text: str) -> Window:
    path = folder / "a.json"
    path.write_text(text, encoding="utf-8")
    return Window(path, Encoding("utf-8"))


def test_list_longer_than_a_piece_is_read_whole(tmp_path):
    rows = [{"text": f"ä{n}" * 50, "label": n % 3} for n in range(9000)]
    content = json.dumps(rows, ensure_ascii=False).encode()
    assert len(content) > 2 * 1024 * 1024
    _, records = read(tmp_path, "a.json", content)
    assert len(records) == 9000 and records[8999] == (9000, ["ä8999" * 50, "2"])
    error = refused(tmp_path, "a.json", json.dumps(rows, indent=0).encode()[:-3] + b",]")
    assert error.details["rows"] == [9000 * 4 + 1]


def test_number_that_two_pieces_share_is_one_number(tmp_path):
    opened = window(tmp_path, " " * (PIECE - 3) + "[12345]")
    assert list(items(opened)) == [12345]
    end(opened)


def test_place_of_a_fault_counts_lines_and_characters_across_pieces(tmp_path):
    opened = window(tmp_path, "[1,\n" + " " * PIECE + "\n  2 3]")
    with pytest.raises(Rejected, match="Line 3, character 5"):
        list(items(opened))


def test_repeated_key_is_refused(tmp_path):
    opened = window(tmp_path, '{"a": 1, "a": 2}')
    with pytest.raises(Rejected, match="'a' is there twice"):
        for _ in keys(opened):
            opened.value()


def test_text_after_the_last_value_is_refused(tmp_path):
    opened = window(tmp_path, "[1] more")
    assert list(items(opened)) == [1]
    with pytest.raises(Rejected, match="more text"):
        end(opened)
