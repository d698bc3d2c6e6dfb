"""Rules for the names of runs, datasets and other objects, and default names for unnamed ones."""

from collections.abc import Collection
from itertools import count

from app.errors import Rejected

MAX_LENGTH = 200


def validate_name(name: str, max_length: int = MAX_LENGTH) -> str:
    """The name with normalised spaces.

    Raises:
        Rejected: it is empty or has more than ``max_length`` characters.
    """
    cleaned = _normalise_spaces(name)
    if not 1 <= len(cleaned) <= max_length:
        raise Rejected(
            "name_length",
            f"A name has 1 to {max_length} characters, this one has {len(cleaned)}.",
            "Change its length.",
        )
    return cleaned


def clean_name(name: str | None) -> str:
    """A name from a file or a program, shortened and without control characters; may be empty."""
    return _normalise_spaces("".join(character if character.isprintable() else " " for character in name or ""))[
        :MAX_LENGTH
    ].strip()


def numbered_name(name: str, taken: Collection[str]) -> str:
    """The name, or ``name 2``, ``name 3``, ...: the first that is not taken."""
    if name not in taken:
        return name
    candidates = (f"{name[: MAX_LENGTH - 8]} {number}" for number in count(2))
    return next(candidate for candidate in candidates if candidate not in taken)


def _normalise_spaces(name: str) -> str:
    return " ".join(name.split())
