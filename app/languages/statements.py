"""Texts that are stored: English, with what it takes to say them again in the language of whoever reads them.

Data is read and checked by processes that know no person, and reports stay as they were stored. So what they say is kept as a
message with its values, and put into words once more when it is shown. What was stored without them stays English.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages.current import SOURCE, current_language
from app.languages.messages import gettext, ngettext
from app.languages.numbers import decimal

# In a JSON object: name of a text in it -> its message and values.
SAID = "statements"


class Statement(str):
    """English text that can be said again.

    Attributes:
        message: the message of the catalogs.
        many: its plural, empty where there is one form.
        number: which decides on the form.
        values: of the placeholders: texts, whole numbers, or statements.
    """

    message: str
    many: str
    number: int
    values: Mapping[str, Any]

    @classmethod
    def of(cls, english: str, message: str, values: Mapping[str, Any], many: str = "", number: int = 0) -> "Statement":
        """A statement whose English text is this one."""
        statement = cls(english)
        statement.message, statement.many, statement.number, statement.values = message, many, number, values
        return statement

    def as_json(self) -> dict[str, Any]:
        """JSON form; :func:`_read` reads it back."""
        values = {
            name: value.as_json() if isinstance(value, Statement) else value for name, value in self.values.items()
        }
        plural = {"many": self.many, "number": self.number} if self.many else {}
        return {"english": str(self), "message": self.message, "values": values, **plural}


def stated(message: str, **values: Any) -> Statement:
    """The message with its values, in English, to be said again later; whole numbers get the marks of the language."""
    return Statement.of(message.format(**_english(values)) if values else message, message, values)


def stated_number(one: str, many: str, number: int, **values: Any) -> Statement:
    """The message in the plural form of the number, which is its ``{number}``; see :func:`stated`."""
    words = one if number == 1 else many
    return Statement.of(words.format(number=f"{number:,}", **_english(values)), one, values, many, number)


def stated_list(parts: Sequence[str], separator: str = ", ") -> Statement:
    """Texts and statements one after another, each to be said again later."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Statement.of(separator.join(parts), separator.join(f"{{{name}}}" for name in values), values)


def translated(text: str) -> str:
    """The text in the language of the present answer, if it is a statement."""
    if not isinstance(text, Statement) or current_language() == SOURCE:
        return text
    values = {
        name: decimal(value)
        if isinstance(value, int)
        else translated(str(value) if not isinstance(value, str) else value)
        for name, value in text.values.items()
    }
    if text.many:
        return ngettext(text.message, text.many, text.number, **values)
    return gettext(text.message, **values)


def storable(value: Any) -> Any:
    """JSON with message and values of its statements beside them; :func:`restored` reads it back."""
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: item.as_json() for name, item in value.items() if isinstance(item, Statement)}
    plain = {name: str(item) if isinstance(item, Statement) else storable(item) for name, item in value.items()}
    return {**plain, SAID: found} if found else plain


def restored(value: Any) -> Any:
    """What :func:`storable` stored, with statements for texts."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = value.get(SAID) or {}
    plain = {name: restored(item) for name, item in value.items() if name != SAID}
    return plain | {name: _read(stored) for name, stored in found.items()}


def translated_json(value: Any) -> Any:
    """JSON, stored or not, with every statement in the language of the present answer."""
    return _translated(restored(value))


def _translated(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_translated(item) for item in value]
    if isinstance(value, dict):
        return {name: _translated(item) for name, item in value.items()}
    return translated(value) if isinstance(value, str) else value


def _read(stored: Mapping[str, Any]) -> Statement:
    values = {name: _read(value) if isinstance(value, dict) else value for name, value in stored["values"].items()}
    many, number = stored.get("many", ""), int(stored.get("number", 0))
    return Statement.of(stored["english"], stored["message"], values, many, number)


def _english(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}
