"""What a name that a person gives may be, and which one a thing gets that nobody named. Knows no table and no door."""

from collections.abc import Collection
from itertools import count

from app.errors import Rejected

LONGEST = 200


def checked(name: str, longest: int = LONGEST) -> str:
    """The name with its spaces in order.

    Raises:
        Rejected: it is empty or has more than ``longest`` characters.
    """
    cleaned = _in_order(name)
    if not 1 <= len(cleaned) <= longest:
        raise Rejected(
            "name_length", f"A name has 1 to {longest} characters, this one has {len(cleaned)}.", "Change its length."
        )
    return cleaned


def shortened(name: str | None) -> str:
    """A name that comes from a file or a program, made fit instead of refused; empty when nothing is left of it."""
    return _in_order("".join(each if each.isprintable() else " " for each in name or ""))[:LONGEST].strip()


def not_among(name: str, taken: Collection[str]) -> str:
    """The name, or ``name 2``, ``name 3``, ...: the first that no other thing has, so that a list can be told apart."""
    if name not in taken:
        return name
    numbered = (f"{name[: LONGEST - 8]} {number}" for number in count(2))
    return next(each for each in numbered if each not in taken)


def _in_order(name: str) -> str:
    return " ".join(name.split())
