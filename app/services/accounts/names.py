"""Rules for the names of runs, datasets and other objects, and default names for unnamed ones."""

import unicodedata
from collections.abc import Collection
from itertools import count

from app.errors import Rejected
from app.languages import gettext as _

MAX_LENGTH = 200


def validate_name(name: str, max_length: int = MAX_LENGTH) -> str:
    """The name with normalised spaces.

    Raises:
        Rejected: it is empty, has more than ``max_length`` characters, or one that cannot be shown.
    """
    cleaned = _normalise_spaces(name)
    if not 1 <= len(cleaned) <= max_length:
        raise Rejected(
            "name_length",
            _(
                "A name has 1 to {max_length} characters, this one has {cleaned}.",
                max_length=max_length,
                cleaned=len(cleaned),
            ),
            _("Change its length."),
        )
    if has_bad_character(cleaned):
        raise Rejected(
            "bad_character",
            "This name holds a character that cannot be shown, such as a zero byte or half of an emoji.",
            "Type the name anew.",
        )
    return cleaned


def has_bad_character(name: str) -> bool:
    """Whether it holds a control character or half of a pair, which no page shows and not every database stores."""
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in name)


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
