"""Messages in the language of the present answer, from the catalogs that Babel reads."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py
from pathlib import Path

from app.languages.current import NAMES, SOURCE, current_language, deferrable
from app.languages.numbers import decimal

CATALOGS = Path(__file__).parent / "catalogs"
# Beside the catalogs: language -> share of its messages that are translated, so that no catalog is read only to choose a language.
COMPLETENESS = "completeness.json"
# A language is offered once this share of its messages is translated: no page may be half in another language.
COMPLETE = 0.98


@dataclass(frozen=True)
class Translations:
    """One catalog.

    Attributes:
        texts: message -> its translation, or one for each plural form.
        scripts: messages of the scripts of the pages.
        complete: share of the messages that are translated.
        form: number -> which plural form it takes.
    """

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scripts: frozenset[str] = frozenset()
    complete: float = 1.0
    form: Callable[[int], int] = lambda number: int(number != 1)


@lru_cache
def translations(language: str) -> Translations:
    """The catalog of a language; English has none."""
    path = CATALOGS / f"{language}.po"
    if language == SOURCE or not path.is_file():
        return Translations(complete=float(language == SOURCE))
    # Loaded by the first answer in another language than English.
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    texts: dict[str, tuple[str, ...]] = {}
    scripts: set[str] = set()
    messages = [message for message in catalog if message.id]
    for message in messages:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if forms and all(forms) and not message.fuzzy:
            texts[key] = forms
        if any(place.endswith(".js") for place, _ in message.locations):
            scripts.add(key)
    return Translations(texts, frozenset(scripts), len(texts) / max(1, len(messages)), c2py(catalog.plural_expr))


@lru_cache
def offered() -> tuple[str, ...]:
    """The languages that people can choose: English, and those whose catalogs are complete."""
    shares = {SOURCE: 1.0, **json.loads((CATALOGS / COMPLETENESS).read_text("utf-8"))}
    return tuple(language for language in NAMES if shares.get(language, 0.0) >= COMPLETE)


@deferrable
def gettext(message: str, **values: object) -> str:
    """The message in the language of the present answer, its ``{placeholders}`` filled with ``values``.

    Braces stand for themselves in a message without values.
    """
    found = translations(current_language()).texts.get(message)
    words = found[0] if found else message
    return words.format(**values) if values else words


@deferrable
def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The message in the plural form that a number takes; ``{number}`` in it is the number with its separators."""
    known = translations(current_language())
    forms = known.texts.get(one)
    words = forms[min(known.form(number), len(forms) - 1)] if forms else one if number == 1 else many
    return words.format(number=decimal(number), **values)


def gettext_noop(message: str) -> str:
    """The message itself, marked for the catalogs; for declarations whose text is looked up where it is used."""
    return message


def script_messages(language: str) -> dict[str, str | list[str]]:
    """Message -> translation, or plural forms, of what the scripts of the pages say."""
    known = translations(language)
    found = ((key, known.texts[key]) for key in sorted(known.scripts) if key in known.texts)
    return {key: forms[0] if len(forms) == 1 else list(forms) for key, forms in found}
