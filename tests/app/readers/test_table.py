"""Names of columns, limits and the flaws of a table."""

import pytest

from app.errors import Rejected, TooLarge
from app.readers.table import MAX_NAME, Flaw, Flaws, check_columns, check_row_count, is_text
from tests.app.readers.reading import read


def test_names_over_several_lines_are_put_on_one(tmp_path):
    table, _ = read(tmp_path, "a.csv", 'text,"label\n(yes or\u00a0no)"\na,b\n'.encode())
    assert table.columns == ["text", "label (yes or no)"]
    table, _records = read(tmp_path, "a.jsonl", b'{"text\\nhere": ["x"]}\n')
    assert table.columns == ["text here"] and table.flaws.all()[0].column == "text here"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["text", " "], "Column 2 has no name"),
        (["text", "label", " text"], "Columns 1 and 3 are both called 'text'"),
        (["_id"], "'_id'"),
        (["te\u200bxt"], "invisible"),
        (["n" * (MAX_NAME + 1)], f"{MAX_NAME + 1} characters"),
        ([f"c{number}" for number in range(1001)], "1,001 columns"),
    ],
)
def test_unusable_name_is_refused_with_its_column(names, words):
    with pytest.raises(Rejected) as caught:
        check_columns(names)
    assert caught.value.code == "columns" and words in caught.value.message


def test_flaws_of_one_kind_are_collected_for_each_column():
    flaws = Flaws()
    for column, line in (("a", 2), ("b", 2), ("a", 5)):
        flaws.add(Flaw("nested", "error", "m", "h", column=column), line)
    assert [(flaw.column, flaw.rows) for flaw in flaws.all()] == [("a", [2, 5]), ("b", [2])]
    assert Flaw(**flaws.all()[0].as_dict()) == flaws.all()[0]


def test_one_row_too_many_is_refused():
    check_row_count(2000, 2000)
    with pytest.raises(TooLarge, match="more than 2,000 rows"):
        check_row_count(2001, 2000)


def test_nul_and_half_a_character_pair_are_no_text():
    assert is_text("Grüße 😀") and not is_text("a\0b") and not is_text("\ud800")
