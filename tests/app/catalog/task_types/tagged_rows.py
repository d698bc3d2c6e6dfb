"""Rows with marked words: twelve good sentences, and whatever a test adds to them."""

from typing import Any

NAMES = ["Anna", "Milo", "Ravi", "Lena", "Omar", "Ines", "Jun", "Vera", "Tom", "Zoe", "Kim", "Ada"]


def tagged(*odd: tuple[list[str], list[Any]]) -> list[dict[str, Any]]:
    """Twelve good sentences, then the odd ones from line 13 on."""
    good = [(f"{name} sleeps in Oslo".split(), ["B-PER", "O", "O", "B-LOC"]) for name in NAMES]
    return [{"tokens": words, "tags": tags} for words, tags in [*good, *odd]]


def spanned(*odd: Any) -> list[dict[str, Any]]:
    good = [{"text": f"{name} sleeps in Oslo.", "spans": [[0, len(name), "PER"]]} for name in NAMES]
    return [*good, *({"text": "Bo met Al.", "spans": spans} for spans in odd)]
