"""Texts of components that are built once for all people, e.g. the label of a field, in the language of each answer.

While pages are built every text is Gradio's mark for a translation (`gr.I18n`) with a number as its key. Marks are filled
where they leave the server: in the configuration of a page (:func:`fill`) and in what listeners answer (:func:`filled`).
Gradio would fill them in the browser, where any value that reads like a key is translated as well, a person's own
included, where choices and properties of own components are left out, and where each page carries the words of all languages.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import gradio as gr

from app.languages import deferring
from app.languages.current import Later

MARK = re.compile(r'__i18n__\{(\\*)"__type__\\*": \\*"translation_metadata\\*", \\*"key\\*": \\*"(text [0-9]+)\\*"\}')
SIGN = "__i18n__"
# Letters that Gradio writes as escapes where JSON stands within HTML.
IN_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}

_NUMBERS = count(1)
_TEXTS: dict[str, Later] = {}
_mark = gr.I18n()


@contextmanager
def marking() -> Iterator[None]:
    """Texts that are made inside are marks."""
    with deferring(_marked):
        yield


def _marked(later: Later) -> str:
    key = f"text {next(_NUMBERS)}"
    _TEXTS[key] = later
    return str(_mark(key))


def fill(configuration: str, escapes: Mapping[str, str]) -> str:
    """JSON, or a page with JSON in it, its marks filled in the language of the present answer.

    Args:
        escapes: letter -> what stands for it there, e.g. :data:`IN_HTML`.
    """
    escaped = str.maketrans(dict(escapes))
    return MARK.sub(lambda found: _words(found).translate(escaped), configuration)


def filled(value: Any) -> Any:
    """What a listener answers, its marks filled."""
    if isinstance(value, str):
        return MARK.sub(_words, value) if SIGN in value else value
    if isinstance(value, dict):
        return {name: filled(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(filled(item) for item in value)
    return value


def _words(found: re.Match[str]) -> str:
    later = _TEXTS.get(found[2])
    if later is None:
        return found[0]
    # A text may be made of others.
    words = str(filled(later()))
    # Quotes of a mark that stands in JSON have one backslash, in JSON within JSON three, and so on.
    for _ in range((len(found[1]) + 1).bit_length() - 1):
        words = json.dumps(words, ensure_ascii=False)[1:-1]
    return words
