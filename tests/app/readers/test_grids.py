"""Tables as people make them: names further down or missing, columns and rows that are no data."""

import pytest

from app.readers.repairs import REPAIRS
from tests.app import written_files as write
from tests.app.readers.reading import cells, codes, flawed_rows, read

TEXTS = [
    ("the pump in hall two makes a grinding noise since monday", "pump"),
    ("please send a new badge for the visitor from oslo", "badge"),
    ("water drips from the pump under the sink in the lab", "pump"),
    ("my badge does not open the door of the archive", "badge"),
    ("the pump stops after ten minutes and must be started again", "pump"),
    ("the photo on my badge shows somebody else entirely", "badge"),
    ("we hear the pump through two walls at night", "pump"),
    ("a badge was found in the canteen under a table", "badge"),
]
LINES = ["text,label", *(",".join(row) for row in TEXTS)]


def table_of(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def test_first_row_that_is_data_is_kept_and_columns_get_numbers(tmp_path):
    table, records = read(tmp_path, "a.csv", table_of(*LINES[1:]))
    assert table.columns == ["column 1", "column 2"] and cells(records) == TEXTS
    assert codes(table) == ["no_header"] and table.found["repairs"] == {"no_header": True}
    table, records = read(tmp_path, "a.csv", table_of(*LINES[1:]), repairs={"no_header": False})
    assert table.columns == list(TEXTS[0]) and len(records) == 7 and codes(table) == []


def test_first_row_of_a_sheet_that_is_data_is_kept(tmp_path):
    table, records = read(tmp_path, "a.xlsx", write.workbook({"S": [list(row) for row in TEXTS]}))
    assert cells(records) == TEXTS and table.columns == ["column 1", "column 2"]


@pytest.mark.parametrize(
    "names", ["What exactly went wrong there?,team", "text,1", "Beschreibung,Art", "text,pump type"]
)
def test_names_stay_names(tmp_path, names):
    table, records = read(tmp_path, "a.csv", table_of(names, *LINES[1:]))
    assert cells(records) == TEXTS and codes(table) == []


def test_names_can_be_denied_and_a_doubt_is_reported(tmp_path):
    rare = table_of("the fence behind the hall lies on the ground,fence", *LINES[1:])
    table, records = read(tmp_path, "a.csv", rare)
    assert codes(table) == ["header_doubt"] and table.found["repairs"] == {"no_header": False} and len(records) == 8
    table, records = read(tmp_path, "a.csv", rare, repairs={"no_header": True})
    assert len(records) == 9 and records[0] == (1, ["the fence behind the hall lies on the ground", "fence"])


def test_nameless_column_that_counts_and_empty_ones_are_left_out(tmp_path):
    counted = [f"{n},{line},,\n" for n, line in enumerate(LINES[1:])]
    table, records = read(tmp_path, "a.csv", (",text,label,,\n" + "".join(counted)).encode())
    assert table.columns == ["text", "label"] and cells(records) == TEXTS
    assert sorted(codes(table)) == ["empty_columns", "row_numbers"]
    assert table.found["repairs"] == {"empty_columns": True, "row_numbers": True}
    rows = [[None, "text", "label"], *([n, *row] for n, row in enumerate(TEXTS))]
    assert cells(read(tmp_path, "a.xlsx", write.workbook({"S": rows}))[1]) == TEXTS


def test_column_that_does_not_count_on_needs_a_name(tmp_path):
    from app.errors import Rejected

    rows = [f"{n},{line}" for n, line in zip([0, 1, 2, 3, 9, 5, 6, 7], LINES[1:], strict=True)]
    with pytest.raises(Rejected, match="Column 1 has no name"):
        read(tmp_path, "a.csv", table_of(",text,label", *rows))


def test_rows_may_end_in_one_more_delimiter(tmp_path):
    table, records = read(tmp_path, "a.csv", table_of(LINES[0], *(f"{line}," for line in LINES[1:])))
    assert cells(records) == TEXTS and flawed_rows(table) == {"extra_delimiter": list(range(2, 10))}


def test_repeated_names_are_left_out_and_can_be_kept(tmp_path):
    again = table_of(*LINES[:4], LINES[0], *LINES[4:], LINES[0])
    table, records = read(tmp_path, "a.csv", again)
    assert cells(records) == TEXTS and flawed_rows(table) == {"repeated_header": [5, 11]}
    table, records = read(tmp_path, "a.csv", again, repairs={"repeated_header": False})
    assert len(records) == 10 and codes(table) == [] and table.found["repairs"] == {"repeated_header": False}


@pytest.mark.parametrize("last", ["Total,8", "Gesamt:,", "Summe,8"])
def test_rows_of_totals_are_left_out(tmp_path, last):
    table, records = read(tmp_path, "a.csv", table_of(*LINES, last))
    assert cells(records) == TEXTS and flawed_rows(table) == {"total_rows": [10]}
    assert len(read(tmp_path, "a.csv", table_of(*LINES, last), repairs={"total_rows": False})[1]) == 9


def test_a_text_that_begins_with_total_is_no_row_of_totals(tmp_path):
    table, records = read(tmp_path, "a.csv", table_of(*LINES, "total,pump", "Total failure of the pump,pump"))
    assert len(records) == 10 and codes(table) == []


def test_title_above_the_names_is_left_out_and_a_forgotten_name_is_not_guessed(tmp_path):
    table, records = read(tmp_path, "a.csv", table_of("Tickets of May,", ",", *LINES))
    assert cells(records) == TEXTS and codes(table) == ["header_row"] and table.flaws.all()[0].rows == []
    assert table.found["header_row"] == 3


def test_names_below_names_of_groups_are_taken(tmp_path):
    rows = [f"{n},{line},x{n}" for n, line in enumerate(LINES[1:])]
    table, records = read(tmp_path, "a.csv", table_of("Ticket,,Team,", "no,text,team,agent", *rows))
    assert table.columns == ["no", "text", "team", "agent"] and len(records) == 8 and codes(table) == ["header_row"]


def test_explanations_below_the_names_are_left_out(tmp_path):
    survey = ['"What happened?","Which kind?"', '"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}"']
    table, records = read(tmp_path, "a.csv", table_of("Q1,Q2", *survey, *LINES[1:]))
    assert cells(records) == TEXTS and codes(table) == ["second_header"]
    assert (
        len(read(tmp_path, "a.csv", table_of("Q1,Q2", *survey, *LINES[1:]), repairs={"second_header": False})[1]) == 10
    )


def test_labels_written_once_are_filled_only_on_request(tmp_path):
    lines = ["kind,text"]
    for kind in ("pump", "badge"):
        lines += [f"{kind if n == 0 else ''},{text}" for n, text in enumerate(t for t, k in TEXTS if k == kind)]
    table, records = read(tmp_path, "a.csv", table_of(*lines))
    (flaw,) = table.flaws.all()
    assert (flaw.code, flaw.column, flaw.rows) == ("fill_down", "kind", []) and "6 of 8 rows are empty" in flaw.message
    assert table.found["repairs"] == {"fill_down": False} and records[1][1][0] == ""
    table, records = read(tmp_path, "a.csv", table_of(*lines), repairs={"fill_down": True})
    assert [row[0] for _, row in records] == ["pump"] * 4 + ["badge"] * 4
    assert flawed_rows(table) == {"fill_down": [3, 4, 5, 7, 8, 9]}


def test_labels_that_come_again_with_gaps_below_are_offered_to_be_filled(tmp_path):
    rows = [f"text {n},{'ab'[n // 4 % 2] if n % 4 == 0 else ''}" for n in range(24)]
    table, _ = read(tmp_path, "a.csv", table_of("text,label", *rows))
    assert [flaw.code for flaw in table.flaws.all()] == ["fill_down"]
    # Where labels stand in rows that follow each other, the others just have none.
    some = [f"text {n},{'ab'[n % 2] if n % 6 < 2 else ''}" for n in range(24)]
    assert read(tmp_path, "a.csv", table_of("text,label", *some))[0].flaws.all() == []


def test_every_repair_has_a_sentence_of_its_own():
    assert len({repair.name for repair in REPAIRS}) == len({repair.title for repair in REPAIRS}) == len(REPAIRS)
