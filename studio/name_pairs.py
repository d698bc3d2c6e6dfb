"""Options of commands that are written as ``name=value``."""

from collections.abc import Sequence

from app.errors import Rejected


def split_pairs(pairs: Sequence[str], option: str) -> dict[str, str]:
    """``("a=b", ...)`` as a dictionary.

    Raises:
        Rejected: an entry without ``=`` or a name given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or not value:
            raise Rejected("usage", f"{option} {pair!r} is not of the form name=value.", f"Write {option} name=value.")
        if name.strip() in found:
            raise Rejected("usage", f"{option} names {name.strip()!r} twice.", "Give each name once.")
        found[name.strip()] = value
    return found
