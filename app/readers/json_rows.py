"""What the rows of a JSON file are: objects as usual, or texts, lists of values, lists of messages, objects written as text.

Both JSON readers look through all values once to find the form, then turn each value into an object.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.languages import stated, stated_number
from app.readers import gliner
from app.readers.json_values import DECODER, NotNumber, is_hollow
from app.readers.table import Flaw, check_column_count

OBJECT, ENCODED, TEXT, MESSAGES, VALUES, MARKED, OTHER = (
    "object",
    "encoded",
    "text",
    "messages",
    "values",
    "marked",
    "other",
)
# Two lists may be anything; a table has more rows.
FEWEST_LISTS = 3
_ENTITIES = ("entities", "ents", "spans")


@dataclass
class RowForm:
    """The form of most rows, and the keys that objects have.

    Attributes:
        rows: key -> rows that have it.
        counts: form -> rows of it.
        hollow: rows that are objects without a value; see :func:`is_hollow`.
        ranges: rows with entities as numbers of words, as GLiNER writes them.
    """

    rows: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    hollow: int = 0
    ranges: int = 0

    def see(self, value: Any) -> None:
        """Take one more value into account."""
        form, given = read_form(value)
        self.counts[form] += 1
        self.hollow += is_hollow(value)
        self.ranges += isinstance(value, dict) and gliner.is_marked(value)
        for key in given or {}:
            self.rows[key] = self.rows.get(key, 0) + 1
        check_column_count(len(self.rows))

    @property
    def usual(self) -> str:
        """The form in which rows are read; objects go before all others."""
        if self.counts[OBJECT] or self.counts[ENCODED]:
            return OBJECT
        form, count = max(self.counts.items(), key=lambda pair: pair[1], default=(OTHER, 0))
        enough = form in (TEXT, MESSAGES, MARKED) or count >= FEWEST_LISTS
        return form if enough and 2 * count > self.counts.total() else OTHER

    @property
    def readable(self) -> int:
        """How many rows are of the usual form."""
        return self.counts[self.usual] + (self.counts[ENCODED] if self.usual == OBJECT else 0)

    @property
    def keys(self) -> list[str]:
        """The keys of all rows of the usual form."""
        if self.usual == OBJECT:
            return [key for key in self.rows if key]
        return {TEXT: ["text"], MESSAGES: ["messages"], MARKED: ["text", "spans"]}.get(self.usual, [])

    def flaws(self) -> list[Flaw]:
        """The report's notes on the form."""
        if self.ranges:
            return [gliner.flaw()]
        if self.usual == OBJECT and self.counts[ENCODED]:
            return [
                _note(
                    stated_number(
                        "{number} row is an object written as text; it was read as an object.",
                        "{number} rows are objects written as text; they were read as objects.",
                        self.counts[ENCODED],
                    )
                )
            ]
        words = {
            TEXT: stated("The rows are plain texts without names; they were read as the column 'text'."),
            MESSAGES: stated("Each row is a list of messages without a name; they were read as the column 'messages'."),
            MARKED: stated(
                "Each row is a text and what is marked in it, as spaCy writes it; read as 'text' and 'spans'."
            ),
        }
        return [_note(words[self.usual])] if self.usual in words else []

    def read(self, value: Any) -> dict[str, Any] | None:
        """A value as an object; None if it is not of the usual form."""
        form, given = read_form(value)
        return given if form == self.usual or (self.usual == OBJECT and form == ENCODED) else None


def survey_rows(values: Iterable[Any]) -> RowForm:
    """Look through all values."""
    form = RowForm()
    for value in values:
        form.see(value)
    return form


def read_form(value: Any) -> tuple[str, dict[str, Any] | None]:
    """The form of one value, and the value as an object; None for values without names."""
    if isinstance(value, dict):
        return OBJECT, gliner.tagged(value) if gliner.is_marked(value) else value
    if isinstance(value, str):
        decoded = _decoded(value)
        return (TEXT, {"text": value}) if decoded is None else (ENCODED, decoded)
    if not isinstance(value, list) or not value:
        return OTHER, None
    if all(isinstance(item, dict) for item in value):
        return MESSAGES, {"messages": value}
    if len(value) == 2 and isinstance(value[0], str) and _marks(value[1]):
        return MARKED, {"text": value[0], "spans": next(value[1][key] for key in _ENTITIES if key in value[1])}
    is_plain = all(item is None or isinstance(item, str | int | float | NotNumber) for item in value)
    return VALUES if is_plain and any(isinstance(item, str) for item in value) else OTHER, None


def _decoded(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _marks(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(key), list) for key in _ENTITIES)


def _note(message: str) -> Flaw:
    return Flaw("row_form", "warning", message, stated("Check the preview."))
