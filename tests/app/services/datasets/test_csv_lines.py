"""What a spreadsheet would evaluate is written as text."""

import pytest

from app.services.datasets.csv_lines import escape_formula


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-1+1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_formula_is_escaped(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-5", "+1.5", "text", "", None, "a=1"])
def test_ordinary_cell_is_not_escaped(cell):
    assert escape_formula(cell) == cell
