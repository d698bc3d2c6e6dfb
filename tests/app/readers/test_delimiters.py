"""The delimiter of a table, and what tells a table from prose."""

import pytest

from app.readers.delimiters import find_delimiter, is_delimited, quotes_are_text
from tests.app.readers.reading import cells, read


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f"])
def test_delimiter_is_the_one_under_which_records_have_equal_fields(delimiter):
    lines = [delimiter.join(fields) + "\n" for fields in (("text", "label"), ("well, yes; no", "a"), ("hm", "b"))]
    quoted = [line.replace("well, yes; no", '"well, yes; no"') for line in lines]
    assert find_delimiter(quoted) == delimiter


def test_usual_delimiter_is_taken_when_none_fits():
    assert find_delimiter(["Ada\n", "Bob\n"]) == ","
    assert find_delimiter(["Ada\n", "Bob\n"], usual="\t") == "\t"


def test_table_has_short_names_and_equal_records():
    assert is_delimited("text,label\nhello,a\n")
    assert not is_delimited("text,label\nhello,a,b\n"), "ragged"
    assert not is_delimited("text,text\nhello,a\n"), "the same name twice"
    assert not is_delimited('{"a": 1,\n"b": 2}'), "JSON"


@pytest.mark.parametrize("delimiter", ["|", ";", ",", "\t"])
def test_text_with_a_recurring_word_at_the_end_of_every_line_is_a_table(delimiter):
    lines = [f"The pump number {n} is loud{delimiter}{'ab'[n % 2]}\n" for n in range(8)]
    assert is_delimited("".join(lines))
    assert not is_delimited("".join(line.replace(delimiter, f"{delimiter} ") for line in lines)) or delimiter == "\t"
    assert not is_delimited("".join(f"The pump number {n}{delimiter}{n} of them\n" for n in range(8)))


def test_prose_with_commas_stays_text(tmp_path):
    for prose in ("Hello, world\nGoodbye, moon\n", "12,5\n13,7\n", "Ada\nBob\n"):
        table, records = read(tmp_path, "a.txt", prose.encode())
        assert table.format == "text" and [text for (text,) in cells(records)] == prose.splitlines()


def test_quotes_are_text_where_one_does_not_close():
    assert quotes_are_text(["text\tlabel\n", '"Never, he said\tx\n'], "\t")
    assert not quotes_are_text(["text\tlabel\n", '"all ""right"""\tx\n'], "\t")
    assert not quotes_are_text(["text\tlabel\n", '"a\tb"\tx\n'], "\t"), "a quoted field holds the delimiter"
