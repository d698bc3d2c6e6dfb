"""An answer beside what was expected, in every form that is judged row by row: labels, sets of labels, numbers, preferences."""

import json
from collections.abc import Mapping

from app.catalog.task_types.number_forms import of_text
from app.catalog.task_types.scores import AnswerForm
from app.languages import gettext as _
from studio_ui.components.nodes import Node, el
from studio_ui.formats import figure, percent


def expected_words(form: AnswerForm, expected: str) -> Node:
    """What the data says."""
    if form == "labels":
        labels = json.loads(expected)
        return el("span", [_label(label) for label in labels], cls="label-set") if labels else _no_label()
    if form == "preference":
        return _preferred(expected)
    return _numbers(of_text(expected), {}) if form == "number" else expected


def judged(form: AnswerForm, given: str | None, expected: str, score: float | None = None) -> Node:
    """What a model said, right or wrong; ``score`` is a probability beside it."""
    if given is None:
        return "–"
    if form == "number":
        return _numbers(of_text(given), of_text(expected))
    right = given == expected
    share = None if score is None or not 0 <= score <= 1 else percent(score)
    if form == "preference":
        share, shown = None, _preferred(given)
    else:
        shown = _set(json.loads(given), json.loads(expected)) if form == "labels" else given
    return el(
        "span",
        el("span", "✓" if right else "✕", aria_hidden="true"),
        el(
            "span",
            el("span", _("right: ") if right else _("wrong: "), cls="sr-only"),
            shown,
            el("span", share, cls="muted row-note") if share else None,
        ),
        cls=f"answer answer-{'right' if right else 'wrong'}",
    )


def _numbers(given: Mapping[str, float], expected: Mapping[str, float]) -> Node:
    """Each number, with its distance from the expected one where that is known; several of them with their names."""
    lines = []
    for name, value in given.items():
        away = value - expected[name] if name in expected else None
        sign = "" if away is None else "+" if away > 0 else "−" if away < 0 else "±"
        note = "" if away is None else el("span", f"{sign}{figure(abs(away))}", cls="muted row-note")
        lines.append(el("span", f"{name}: " if name else "", figure(value), " ", note, cls="number-line"))
    return el("span", lines, cls="number-lines")


def _set(given: list[str], expected: list[str]) -> Node:
    """The labels that were given, those that are wrong and those that are missing marked by a sign and in words."""
    parts = [_label(label) if label in expected else _label(label, "+", _("too much: ")) for label in given]
    parts += [_label(label, "−", _("missing: ")) for label in expected if label not in given]
    return el("span", parts, cls="label-set") if parts else _no_label()


def _label(label: str, sign: str = "", words: str = "") -> Node:
    mark = [el("span", sign, aria_hidden="true"), el("span", words, cls="sr-only")] if sign else []
    look = {"+": " label-extra", "−": " label-missing"}.get(sign, "")
    return el("span", *mark, label, cls=f"label-chip{look}")


def _preferred(answer: str) -> Node:
    """Which of two answers."""
    return _("the preferred answer") if answer == "chosen" else _("the rejected answer")


def _no_label() -> Node:
    return el("span", _("no label"), cls="muted")
