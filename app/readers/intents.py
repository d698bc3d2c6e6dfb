"""Flattens intents of chat bots: a tag with its patterns becomes one row for each pattern."""

from collections.abc import Iterator
from typing import Any

from app.languages import stated
from app.readers.table import Flaw

NAMES = ("tag", "intent", "name", "label", "class", "category")
PHRASES = ("patterns", "utterances", "examples", "phrases", "samples", "queries", "sentences", "texts", "questions")
COLUMNS = ("text", "label")


def is_intent(value: Any) -> bool:
    """Whether a row of a JSON file is a name with a list of texts that mean it."""
    return isinstance(value, dict) and _name(value) is not None and _phrases(value) is not None


def phrases(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One object for each text of an intent; an intent without texts gives none."""
    for text in _phrases(value) or ():
        yield dict(zip(COLUMNS, (text, _name(value)), strict=True))


def flattened() -> Flaw:
    """The report's note on such a file."""
    return Flaw(
        "intents",
        "warning",
        stated("The file holds intents with lists of texts; each text became a row with its intent as the label."),
        stated(
            "What else an intent holds, such as responses, is not read. To learn to answer, write pairs of a "
            "request and an answer."
        ),
    )


def _name(value: dict[str, Any]) -> str | None:
    return next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)


def _phrases(value: dict[str, Any]) -> list[str] | None:
    found = next((value[key] for key in PHRASES if isinstance(value.get(key), list)), None)
    return found if found is not None and all(isinstance(text, str) for text in found) else None
