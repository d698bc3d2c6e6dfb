"""What a file really is, by its first bytes."""

import pytest

from app.readers import EXTENSIONS
from app.readers.signatures import looks_like_json, type_mismatch
from tests.app.readers.reading import cells, check_refusal, damaged_cases, read, refused


@damaged_cases("signatures")
def test_file_of_another_kind_is_refused_by_its_name(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize("start", ["PAR1", "BM6", "ID3", "RIFF", "MZ", "PK"])
def test_text_that_begins_like_another_file_is_text(tmp_path, start):
    table, records = read(tmp_path, "a.csv", f"{start},label\na,b\n".encode())
    assert table.columns == [start, "label"] and cells(records) == [("a", "b")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nHello.\n", "a file of subtitles"),
        ("-- dump\nINSERT INTO t VALUES ('a');\n", "an SQL script"),
        ('[[row]]\ntext = "a"\n[[row]]\n', "a TOML file"),
        ("[one]\ntext = a\n\n[two]\ntext = b\n", "a file of settings (INI)"),
        ("From: a@b.org\nTo: c@d.org\nSubject: Hello\n\nText\n", "a mailbox or an e-mail"),
        ("% a paper\n\\documentclass{article}\n", "a LaTeX document"),
        ('msgid "a"\nmsgstr "b"\n', "a catalog of translations (gettext)"),
        ("const data = [{a: 1}];", "a JavaScript file"),
    ],
)
def test_text_of_another_format_is_not_read_as_running_text(tmp_path, text, kind):
    error = refused(tmp_path, "a.txt", text.encode())
    assert error.message == f"The file ends in .txt, but it is {kind}." and "Choose a file" not in error.hint


def test_lines_that_only_look_like_another_format_are_text(tmp_path):
    for text in ("[Anna enters]\nHello there.\n", "From: here to there\nand back\n", "const is a word\n"):
        assert read(tmp_path, "a.txt", text.encode())[0].format == "text"


def test_refusal_says_how_to_make_the_file_readable():
    assert "CSV UTF-8" in type_mismatch("an old Excel or Word file", "csv").hint
    assert type_mismatch("a PDF document", "").message == "The file is a PDF document."


def test_json_is_recognised_by_its_first_characters():
    assert all(map(looks_like_json, (' {"a": 1}', "[ {}", '[{"a"')))
    assert not any(map(looks_like_json, ("[1, 2]", "{braces}", "text")))


@pytest.mark.parametrize("ending", sorted({*EXTENSIONS} - {"xlsx", "xlsm"}))
def test_every_ending_that_is_read_is_contradicted_by_a_picture(tmp_path, ending):
    error = refused(tmp_path, f"a.{ending}", b"\x89PNG\r\n\x1a\n\0")
    assert error.message == f"The file ends in .{ending}, but it is a PNG picture."
