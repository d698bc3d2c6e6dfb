"""Reads rows as GLiNER writes them: words, and entities as numbers of their first and last word."""

from typing import Any

from app.languages import stated
from app.readers.table import Flaw

WORDS, ENTITIES = "tokenized_text", "ner"


def is_marked(value: dict[str, Any]) -> bool:
    """Whether an object holds words and ranges of them with a type, none of which overlap."""
    words, entities = value.get(WORDS), value.get(ENTITIES)
    if not isinstance(words, list) or not isinstance(entities, list):
        return False
    taken: set[int] = set()
    for entity in entities:
        if not isinstance(entity, list) or len(entity) != 3 or not all(type(at) is int for at in entity[:2]):
            return False
        places = set(range(entity[0], entity[1] + 1))
        if (
            not places
            or min(places) < 0
            or max(places) >= len(words)
            or places & taken
            or not isinstance(entity[2], str)
        ):
            return False
        taken |= places
    return True


def tagged(value: dict[str, Any]) -> dict[str, Any]:
    """The object with ``tokens`` and ``tags`` (BIO) in place of words and ranges."""
    tags = ["O"] * len(value[WORDS])
    for first, last, label in value[ENTITIES]:
        tags[first : last + 1] = [f"B-{label}", *[f"I-{label}"] * (last - first)]
    rest = {key: item for key, item in value.items() if key not in (WORDS, ENTITIES)}
    return {"tokens": value[WORDS], "tags": tags, **rest}


def flaw() -> Flaw:
    """The report's note on such a file."""
    return Flaw(
        "gliner",
        "warning",
        stated("Entities are written as numbers of words, as GLiNER does; they were read as one tag for each word."),
        stated("Check the preview."),
    )
