"""How numbers are written in cells: with a decimal comma or point, grouped in thousands, as percent, or as a rating.

What a comma means stands in the role of the column: ``score`` for columns in which no cell leaves that open, ``score,`` where
it is the decimal mark, ``score.`` where it groups thousands. Each of several numbers has a role that ends in a colon and the name
of its column: ``score:fluency``. Answers are stored as text: one number, or a JSON object of several by name.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.text_patterns import visible

SCORE = "score"
# Endings of the role that say what a comma between digits means.
DECIMAL_COMMA, DECIMAL_POINT = ",", "."
OWN_COLUMN = ":"

_GROUPED = {mark: re.compile(rf"\d{{1,3}}({mark}\d{{3}})+") for mark in (",", r"\.")}
_SPACED = re.compile(r"\d{1,3}([\s'\u2019]\d{3})+(?=$|[.,]\d+$)")
_PLAIN = re.compile(r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_RATING = re.compile(r"([-+]?[\d.,]+)\s*(?:/|of|von|sur|de|out of)\s*(\d+)", re.I)
_COUNTED = re.compile(r"([-+]?[\d.,]+)\s*(?:stars?|sterne?|étoiles?|estrellas?|★|⭐)", re.I)
_STARS = re.compile(r"([★⭐]+)([☆]*)")


class WrittenNumber(NamedTuple):
    """A number as a cell holds it; ``unit`` is ``%``, ``/5`` for one of at most five, or empty."""

    value: float
    unit: str = ""


def is_score_role(role: str) -> bool:
    """Whether a column of this role holds a number to be learned."""
    return role.split(OWN_COLUMN)[0] in (SCORE, SCORE + DECIMAL_COMMA, SCORE + DECIMAL_POINT)


def score_columns(columns: Mapping[str, str]) -> list[str]:
    """The columns that hold numbers to be learned, in the order of the roles."""
    return [column for role, column in columns.items() if is_score_role(role)]


def read_number(cell: Any, role: str = SCORE) -> WrittenNumber:
    """The number of a cell in a column of this role.

    Raises:
        UnusableRow: ``empty_score``, ``not_a_number``, or ``ambiguous_number`` where the role does not say what a comma means.
    """
    text = "" if cell is None else str(cell).strip()
    if not visible(text):
        raise UnusableRow("empty_score")
    comma = role.split(OWN_COLUMN)[0][len(SCORE) :]
    if stars := _STARS.fullmatch(text):
        return WrittenNumber(float(len(stars[1])), f"/{len(text)}" if stars[2] else "")
    if rating := _RATING.fullmatch(text):
        return WrittenNumber(_value(rating[1], comma, text), f"/{rating[2]}")
    if counted := _COUNTED.fullmatch(text):
        return WrittenNumber(_value(counted[1], comma, text))
    plain = text.removesuffix("%").rstrip()
    return WrittenNumber(_value(plain, comma, text), "%" if plain != text else "")


def _value(digits: str, comma: str, cell: str) -> float:
    """The value of digits with their marks; ``cell`` is named where they are no number."""
    sign, body = 1.0, digits.replace("\u2212", "-").strip()
    if body[:1] in ("+", "-"):
        sign, body = -1.0 if body[0] == "-" else 1.0, body[1:].lstrip()
    if _SPACED.match(body):
        body = re.sub(r"[\s'\u2019]", "", body)
    plain = _with_point(body, comma, cell)
    value = sign * float(plain) if _PLAIN.fullmatch(plain) and plain.isascii() else math.nan
    if not math.isfinite(value):
        raise UnusableRow("not_a_number", found=cell)
    return value


def _with_point(body: str, comma: str, cell: str) -> str:
    """The digits with a decimal point alone; of two kinds of marks the last one is decimal."""
    if "," in body and "." in body:
        decimal = max(",.", key=body.rfind)
        whole, _, fraction = body.rpartition(decimal)
        group = "." if decimal == "," else ","
        fits = _GROUPED[re.escape(group)].fullmatch(whole)
        return f"{whole.replace(group, '')}.{fraction}" if fits else ""
    if "," in body:
        if not _GROUPED[","].fullmatch(body) or body.startswith("0"):
            return body.replace(",", ".") if body.count(",") == 1 else ""
        if body.count(",") > 1 or comma == DECIMAL_POINT:
            return body.replace(",", "")
        if comma == DECIMAL_COMMA:
            return body.replace(",", ".")
        raise UnusableRow("ambiguous_number", found=cell)
    grouped = _GROUPED[r"\."].fullmatch(body) and not body.startswith("0")
    return body.replace(".", "") if grouped and (comma == DECIMAL_COMMA or body.count(".") > 1) else body


def is_written_number(cell: Any) -> bool:
    """Whether a cell holds a number in any form, also one whose comma may mean either."""
    try:
        read_number(cell, SCORE + DECIMAL_POINT)
    except UnusableRow:
        return False
    return True


def endings(cells: Iterable[Any]) -> list[str]:
    """What a comma means in a column with these cells, as the ending of its role; both, where nothing decides.

    A cell such as "0,5" can only have a decimal comma, and "1,234,567" only one that groups; "1,234" may be either.
    """
    found = {_comma_of(str(cell)) for cell in cells if cell is not None}
    certain = found & {DECIMAL_COMMA, DECIMAL_POINT}
    if len(certain) == 1:
        return [certain.pop()] if DECIMAL_COMMA in found or "?" in found else [""]
    return [DECIMAL_COMMA, DECIMAL_POINT] if "?" in found and not certain else [""]


def _comma_of(text: str) -> str:
    """What the marks of one cell say about commas: its ending, ``?`` where they may mean either, empty for nothing."""
    marks = re.sub(r"[^\d.,]", "", text)
    if "," in marks and "." in marks:
        return DECIMAL_COMMA if marks.rfind(",") > marks.rfind(".") else DECIMAL_POINT
    if "," not in marks:
        # A point with other than three digits behind it is decimal, so a comma beside it would group.
        single = marks.count(".") == 1 and not _GROUPED[r"\."].fullmatch(marks)
        return DECIMAL_POINT if single else ""
    if not _GROUPED[","].fullmatch(marks) or marks.startswith("0"):
        return DECIMAL_COMMA
    return DECIMAL_POINT if marks.count(",") > 1 else "?"


def as_text(names: Sequence[str], values: Sequence[float]) -> str:
    """The numbers of an answer as they are stored; the shortest digits that give the same values again."""
    if len(names) == 1:
        return repr(float(values[0]))
    return json.dumps(dict(zip(names, map(float, values), strict=True)), ensure_ascii=False)


def of_text(stored: str) -> dict[str, float]:
    """What :func:`as_text` stored, by name; a single number has an empty one."""
    value = json.loads(stored)
    return {name: float(number) for name, number in value.items()} if isinstance(value, dict) else {"": float(value)}
