"""Checks of texts with numbers: which rows cannot be used, and what to look at before training.

Texts are checked as :mod:`text_classification_checks` does it; here is what concerns the numbers.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.task_types import number_forms as forms
from app.catalog.task_types.base import Problem
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.number_forms import WrittenNumber
from app.catalog.task_types.text_classification_checks import TextSurvey
from app.catalog.task_types.text_pairs import FIRST, SECOND
from app.languages import gettext_noop, stated

# As few different numbers as this can be categories as well.
FEW_DISTINCT = 5
# A number so many times the middle half's width outside of it is far outside; of a normal distribution one in 10^11 is.
FAR_OUTSIDE = 5.0


def check(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
    """Every defect of the rows, the main file's first, then those of the evaluation file; see :class:`Problem`."""
    return _NumberSurvey(columns).see_all(rows)


class _NumberSurvey(TextSurvey):
    """One pass over the rows; keeps the numbers and digests of the texts."""

    more_rows = gettext_noop("Add examples, ideally some hundred with numbers of the whole range.")

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._roles = {role: name for role, name in columns.items() if forms.is_score_role(role)}
        self._names = list(self._roles.values())
        texts = [columns[role.name] for role in (FIRST, SECOND) if role.name in columns]
        super().__init__(texts, ", ".join(self._names), self._read_row, _WORDS)
        # Column -> unit -> positions of the rows that have it.
        self._units: dict[str, dict[str, array[int]]] = {name: {} for name in self._names}
        self._columns: dict[str, array[float]] = {name: array("d") for name in self._names}
        # Of each usable row: id, line, whether it is of the evaluation file.
        self._ids, self._lines, self._own = array("q"), array("q"), bytearray()
        self._now: list[WrittenNumber] = []

    def _read_row(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        self._now = []
        for role, name in self._roles.items():
            try:
                self._now.append(forms.read_number(row.get(name), role))
            except UnusableRow as flaw:
                raise UnusableRow(flaw.code, column=name, **flaw.detail) from None
        return (forms.as_text(self._names, [number.value for number in self._now]),)

    def keep(self, labels: Sequence[str], written: Sequence[str], row: Mapping[str, Any]) -> None:
        """See :class:`TextSurvey`: the numbers of the row."""
        evaluation = bool(row.get("_evaluation"))
        for kept, value in zip(
            (self._ids, self._lines, self._own), (row["_id"], row["_line"], evaluation), strict=True
        ):
            kept.append(value)
        for name, number in zip(self._names, self._now, strict=True):
            self._columns[name].append(number.value)
            self._units[name].setdefault(number.unit, array("q")).append(len(self._ids) - 1)

    def look_at_whole(self) -> None:
        """See :class:`TextSurvey`: rows whose numbers are written in another unit than most."""
        noted: set[int] = set()
        for name, units in self._units.items():
            usual = max(units, key=lambda unit: len(units[unit]), default="")
            for unit, rows in units.items():
                for at in rows if unit != usual else ():
                    example = {"column": name, "unit": unit or "none", "most have": usual or "none"}
                    row = {"_id": self._ids[at], "_line": self._lines[at]}
                    if at not in noted:
                        self.note("other_unit", row, bool(self._own[at]), example)
                        noted.add(at)

    def _values(self, name: str) -> NDArray[np.float64]:
        """The numbers of a column in the training file."""
        main = ~np.frombuffer(bytes(self._own), dtype=bool)
        values: NDArray[np.float64] = np.frombuffer(self._columns[name], dtype=np.float64)[main]
        return values

    def refusals(self) -> list[Problem]:
        """See :class:`TextSurvey`: a number that is the same in every row."""
        problems = []
        for name in self._names:
            values = self._values(name)
            if len(np.unique(values)) == 1:
                message = stated(
                    "Every row has the same number in {column}, {value}; there is nothing to learn.",
                    column=repr(name),
                    value=f"{values[0]:g}",
                )
                hint = stated("Add rows with other numbers, or choose another column.")
                problems.append(Problem("constant_number", "error", message, hint))
        return problems

    def remarks(self) -> list[Problem]:
        """See :class:`TextSurvey`."""
        found = self.remarks_on_texts()
        for name in self._names:
            found += [problem for problem in (self._few_distinct(name), self._outliers(name)) if problem]
        return found

    def _few_distinct(self, name: str) -> Problem | None:
        values = np.unique(self._values(name))
        if not 1 < len(values) <= FEW_DISTINCT:
            return None
        message = stated(
            "{column} holds only {count} different numbers: {values}.",
            column=repr(name),
            count=len(values),
            values=", ".join(f"{value:g}" for value in values),
        )
        hint = stated(
            "If their order and distances do not matter, choose the goal “Sort texts into categories” instead."
        )
        return Problem("few_numbers", "warning", message, hint)

    def _outliers(self, name: str) -> Problem | None:
        values = np.frombuffer(self._columns[name], dtype=np.float64)
        lower, upper = np.quantile(self._values(name), (0.25, 0.75)) if len(self._values(name)) else (0.0, 0.0)
        room = FAR_OUTSIDE * float(upper - lower)
        rows: list[int] = np.flatnonzero((values < lower - room) | (values > upper + room)).tolist()
        if not room or not rows:
            return None
        low, high = f"{lower:g}", f"{upper:g}"
        message = stated(
            "Numbers far outside: half of {column} lies between {low} and {high}.",
            column=repr(name),
            low=low,
            high=high,
        )
        hint = stated("Correct slips of the decimal mark; leave the rows out if the numbers are not real.")
        examples = [{"row": self._lines[at], name: float(values[at])} for at in rows[:5]]
        lines, ids = ([kept[at] for at in rows] for kept in (self._lines, self._ids))
        return Problem("outliers", "warning", message, hint, rows=sorted(lines), row_ids=sorted(ids), examples=examples)


_WORDS = {
    "empty_score": ("error", "The number in {label} is missing or empty.", "Fill it in; these rows are left out."),
    "not_a_number": (
        "error",
        "What stands in {label} is no number.",
        "Write a number such as 3.5 or 3,5; these rows are left out.",
    ),
    "ambiguous_number": (
        "error",
        "The comma of numbers in {label} could be a decimal mark, or group thousands (1,234).",
        "Write 1.234 or 1234, or say what it means when you choose the column; these rows are left out.",
    ),
    "other_unit": (
        "error",
        "The number in {label} is written in another unit than most, such as 53 % beside 0.53, or 7/10 beside 4/5.",
        "Write all of them in the same way; these rows are left out.",
    ),
    "duplicate_rows": (
        "warning",
        "The same text with the same number occurs more than once.",
        "Copies are kept together in one split, so the test stays fair; remove them if they are not meant.",
    ),
    "conflicting_labels": (
        "warning",
        "The same text has different numbers.",
        "Where people differ, write the mean of their numbers once; contradictions limit how good the model can become.",
    ),
}
