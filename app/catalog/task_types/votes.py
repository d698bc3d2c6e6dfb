"""Which of two answers a cell names as the better one.

What numbers mean stands in the role of the column, as cells alone do not say it: ``winner`` for names, letters, 1 and 2;
``winner:0/1`` where 0 names the first answer and 1 the second (any two numbers); ``winner:<4`` where numbers below 4 name the
first answer and those above it the second, ``winner:>4`` the other way round. A number in the middle is a tie.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import column_names as names
from app.languages import stated

FIRST, SECOND, TIE = "first", "second", "tie"
WINNER = "winner"
_NUMBER = r"-?\d+(?:\.\d+)?"
_TWO = re.compile(rf"{WINNER}:({_NUMBER})/({_NUMBER})")
_SCALE = re.compile(rf"{WINNER}:([<>])({_NUMBER})")
_END = re.compile(r"(?<=[^\W\d_])(\d)$")
_TIES = frozenset(
    "tie both neither draw equal same beide gleich unentschieden tie_bothbad tie_both_bad bothbad both_bad none".split()
)
_FIRST = frozenset("a left first model_a response_a answer_a option_a assistant_a j w x model_1 response_1".split())
_SECOND = frozenset("b right second model_b response_b answer_b option_b assistant_b k l y model_2 response_2".split())


def is_winner_role(role: str) -> bool:
    """Whether a column of this role says which answer won."""
    return role == WINNER or bool(_TWO.fullmatch(role) or _SCALE.fullmatch(role))


def winner_role(columns: Mapping[str, str]) -> str | None:
    """The role of the column that says which answer won; None where there is none."""
    return next(filter(is_winner_role, columns), None)


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a column's name, of which a digit at the end is one: ``response1`` as ``response``, ``1``."""
    return tuple(_END.sub(r"_\1", names.name_key(name)).split("_"))


def side_of(value: Any, role: str = WINNER, first: str = "", second: str = "") -> str | None:
    """Which of two answers, in columns called ``first`` and ``second``, a cell names; None where it names neither."""
    number = _number(value)
    return _side_of_words(value, first, second) if number is None else _side_of_number(number, role)


def roles_for(values: Sequence[str], first: str, second: str, ends: Sequence[str] = ()) -> list[str]:
    """The roles that a column with these values may have: none if it names no answer, several where it must be asked.

    ``ends`` are the ends by which the names of the two columns differ.
    """
    sides = {_side_of_words(value, first, second) for value in values if _number(value) is None}
    numbers = {number for value in values if (number := _number(value)) is not None}
    if sides & {FIRST, SECOND}:
        return [WINNER]
    return _roles_for_numbers(numbers, tuple(ends)) if numbers else []


def _roles_for_numbers(numbers: set[float], ends: tuple[str, ...]) -> list[str]:
    if numbers <= {1, 1.5, 2} and ends == ("0", "1"):
        return [f"{WINNER}:1/2", f"{WINNER}:2/1"]
    if numbers <= {1, 1.5, 2} and (2 in numbers or ends == ("1", "2")):
        return [WINNER]
    if numbers == {1}:
        return [WINNER, f"{WINNER}:0/1"]
    if numbers <= {0, 0.5, 1}:
        ways = [f"{WINNER}:0/1", f"{WINNER}:1/0"]
        return ways[:1] if ends == ("0", "1") else ways
    if numbers <= {0, 1, 2}:
        # One of the three numbers is a tie.
        return [f"{WINNER}:1/2", f"{WINNER}:0/1"]
    low, high = min(numbers), max(numbers)
    middle = 0.0 if low < 0 else (low + high) / 2
    return [f"{WINNER}:<{middle:g}", f"{WINNER}:>{middle:g}"]


def meaning(role: str, winner: str, one: str, other: str) -> str:
    """How a column of this role is read, in words; ``one`` and ``other`` name the first and the second answer."""
    if two := _TWO.fullmatch(role):
        return stated(
            "{first} in {winner} means that {one} was better, {second} that {other} was",
            first=two[1],
            second=two[2],
            winner=winner,
            one=one,
            other=other,
        )
    if scale := _SCALE.fullmatch(role):
        below, above = (one, other) if scale[1] == "<" else (other, one)
        return stated(
            "numbers below {middle} in {winner} mean that {one} was better, those above it that {other} was",
            middle=scale[2],
            winner=winner,
            one=below,
            other=above,
        )
    return stated("which of {one} and {other} was better, by {winner}", one=one, other=other, winner=winner)


def ties(values: Iterable[str], role: str, first: str, second: str) -> set[str]:
    """Those of the values that name neither answer as the better one."""
    return {value for value in values if side_of(value, role, first, second) == TIE}


def _side_of_number(number: float, role: str) -> str | None:
    if scale := _SCALE.fullmatch(role):
        middle = float(scale[2])
        return TIE if number == middle else FIRST if (number < middle) == (scale[1] == "<") else SECOND
    two = _TWO.fullmatch(role)
    one, other = (float(two[1]), float(two[2])) if two else (1.0, 2.0)
    if number in (one, other):
        return FIRST if number == one else SECOND
    # Beside words, a half is a tie as well.
    return TIE if number in ((one + other) / 2, 0.5) else None


def _side_of_words(value: Any, first: str, second: str) -> str | None:
    key = names.name_key(str(value)) if value is not None else ""
    if not key:
        return None
    if key in _TIES or key.startswith("tie"):
        return TIE
    parts, one, other = split_name(key), split_name(first), split_name(second)
    if one != other and parts in (one, other):
        return FIRST if parts == one else SECOND
    return FIRST if key in _FIRST else SECOND if key in _SECOND else None


def _number(value: Any) -> float | None:
    """The number of a cell with its sign; None for anything else, also for true and false."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(str(value).strip().replace("\u2212", "-"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
