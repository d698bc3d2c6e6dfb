"""The language of the present answer, and texts that are put off until there is one."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec

Arguments = ParamSpec("Arguments")
# Makes a text later, in the language of the answer.
Later = Callable[[], str]

SOURCE = "en"
# Language -> its own name of itself, in the order of the switch.
NAMES = {SOURCE: "English", "de": "Deutsch", "es": "Español", "fr": "Français", "zh": "中文"}
COOKIE = "studio-language"
_WEIGHT = re.compile(r"\s*;\s*q\s*=\s*")

_LANGUAGE: ContextVar[str] = ContextVar("language", default=SOURCE)
_DEFER: ContextVar[Callable[[Later], str] | None] = ContextVar("defer", default=None)


def current_language() -> str:
    """The language of the present answer; English outside of requests, e.g. in workers."""
    return _LANGUAGE.get()


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Texts, numbers and dates that are made inside are in this language."""
    before = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


@contextmanager
def deferring(defer: Callable[[Later], str]) -> Iterator[None]:
    """Texts are made for nobody in particular inside: ``defer`` gets what will make each and answers what stands for it."""
    before = _DEFER.set(defer)
    try:
        yield
    finally:
        _DEFER.reset(before)


def deferrable(words: Callable[Arguments, str]) -> Callable[Arguments, str]:
    """``words``, put off where texts are made for nobody in particular (see :func:`deferring`)."""

    @functools.wraps(words)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> str:
        defer = _DEFER.get()
        return defer(functools.partial(words, *args, **kwargs)) if defer else words(*args, **kwargs)

    return call


def choose_language(headers: Iterable[tuple[bytes, bytes]], available: Sequence[str]) -> str:
    """The language of an answer: that of the switch, else the first that the browser asks for and there is, else English.

    Args:
        headers: of the request, as ASGI has them.
    """
    found = {name.lower(): value.decode("latin-1") for name, value in headers}
    for part in found.get(b"cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value in available:
            return value
    return next((item for item in _asked(found.get(b"accept-language", "")) if item in available), SOURCE)


def _asked(header: str) -> list[str]:
    """Languages of an Accept-Language header without regions, the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, *weight = _WEIGHT.split(part.strip(), maxsplit=1)
        try:
            weighted.append((-float(weight[0]) if weight else -1.0, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return [language for weight, language in sorted(weighted, key=lambda item: item[0]) if weight < 0]
