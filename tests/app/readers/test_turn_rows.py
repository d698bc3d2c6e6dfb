"""One row for each message becomes one row for each conversation."""

import json

import pytest

from app.readers.turn_rows import find_turns
from tests.app.readers.reading import codes, read

TALKS = [
    (f"c{n}", side, f"{turn_text} number {n}")
    for n in range(5)
    for side, turn_text in (("Kunde", "A question"), ("Berater", "An answer"))
]


def _read(folder, header, rows, **choices):
    content = "\n".join(";".join(map(str, row)) for row in (header, *rows))
    return read(folder, "a.csv", content.encode(), **choices)


def _messages(record):
    return [(turn["role"], turn["content"]) for turn in json.loads(record[1][-1])]


def test_rows_of_a_conversation_become_its_messages(tmp_path):
    table, records = _read(tmp_path, ("Gespräch", "Sprecher", "Text"), TALKS)
    assert table.columns == ["Gespräch", "messages"] and len(records) == 5 and codes(table) == ["turn_rows"]
    assert records[1][0] == 4 and records[1][1][0] == "c1"
    assert _messages(records[1]) == [("user", "A question number 1"), ("assistant", "An answer number 1")]


def test_messages_are_put_in_order_though_spread_over_the_file(tmp_path):
    rows = [(name, at % 2 + 1, side, text, "shop") for at, (name, side, text) in enumerate(TALKS)]
    table, records = _read(tmp_path, ("thread", "turn", "speaker", "text", "topic"), rows[::-1])
    mixed = sorted(rows, key=lambda row: row[1])
    _, apart = _read(tmp_path, ("thread", "turn", "speaker", "text", "topic"), mixed)
    assert table.columns == ["thread", "topic", "messages"]
    for found in (records, apart):
        assert sorted(map(_messages, found)) == [
            [("user", f"A question number {n}"), ("assistant", f"An answer number {n}")] for n in range(5)
        ]


def test_two_messages_of_one_side_are_joined_and_that_is_reported(tmp_path):
    rows = [*TALKS, ("c4", "Berater", "And one more.")]
    table, records = _read(tmp_path, ("id", "role", "text"), rows)
    assert _messages(records[4])[-1] == ("assistant", "An answer number 4\nAnd one more.")
    assert "joined" in table.flaws.all()[0].message


def test_true_and_false_say_who_wrote_where_the_name_says_so(tmp_path):
    rows = [(name, side == "Kunde", text) for name, side, text in TALKS]
    _, records = _read(tmp_path, ("thread", "inbound", "text"), rows)
    assert _messages(records[0])[0] == ("user", "A question number 0")
    table, _ = _read(tmp_path, ("thread", "paid", "text"), rows)
    assert table.columns == ["thread", "paid", "text"]


def test_rows_stay_as_they_are_if_a_person_wants_that(tmp_path):
    table, records = _read(tmp_path, ("id", "role", "text"), TALKS, repairs={"turn_rows": False})
    assert len(records) == 10 and table.found["repairs"]["turn_rows"] is False


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["speaker", "text"], [row[1:] for row in TALKS]),
        (["turn", "speaker", "text"], [(row[1], *row[1:]) for row in TALKS]),
        (["id", "label", "text"], TALKS),
        (["id", "agent", "text"], [(row[0], "Ann", row[2]) for row in TALKS]),
    ],
    ids=["no conversation", "a turn alone", "a label", "a person"],
)
def test_other_tables_are_left_alone(columns, rows):
    assert find_turns(columns, rows) is None
