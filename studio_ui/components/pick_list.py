"""Boxes to tick, each with a title, a sentence and a note; the first ones are shown, the others are folded away."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr

from app.languages import ngettext
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, el
from studio_ui.formats import counted

SHOWN = 8
# Noun of the choices -> the words on the fold.
MORE: dict[str, Callable[[int], str]] = {
    "method": lambda number: ngettext("{number} more method", "{number} more methods", number)
}


class PickList(BrowserComponent):
    """The value is the list of ticked values, in the order of the choices.

    ``choices`` are ``{"value", "title", "words", "note"}``, of which the first eight are in sight; ``noun`` names one of them.
    Ticking triggers ``input``.
    """

    module = "pick_list.js"
    sends = ("input",)

    def __init__(
        self,
        value: list[str] | None = None,
        *,
        title: str,
        noun: str,
        choices: Sequence[Mapping[str, str]] = (),
        nodes: Node | None = None,
        **options: Any,
    ) -> None:
        # Gradio hands the nodes over again when it copies a component.
        self.title, self.noun = title, noun
        shown = nodes or self._nodes(choices)
        super().__init__(value=value or [], title=title, noun=noun, nodes=shown, **options)

    def update(self, value: list[str], choices: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """What a listener returns to offer these choices."""
        return gr.update(value=value, nodes=self._nodes(choices), title=self.title, noun=self.noun)

    def _nodes(self, choices: Sequence[Mapping[str, str]]) -> Node:
        entries = [_entry(**choice) for choice in choices]
        rest = entries[SHOWN:]
        words = MORE[self.noun](len(rest)) if self.noun in MORE else counted(len(rest), f"more {self.noun}")
        summary = el("summary", words)
        folded = el("details", summary, el("div", rest, cls="method-picks"), cls="more") if rest else None
        return el("fieldset", el("legend", self.title), entries[:SHOWN], folded, cls="method-picks")

    def api_info(self) -> dict[str, Any]:
        """A list of values."""
        return {"type": "array", "items": {"type": "string"}}

    def example_payload(self) -> list[str]:
        """Nothing ticked."""
        return []


def _entry(value: str, title: str, words: str, note: str) -> Node:
    label = el("span", el("strong", title), el("span", words, cls="muted small"), cls="pick-words")
    return el(
        "label",
        el("input", type="checkbox", id=f"pick-{value}", value=value),
        label,
        el("span", note, cls="pick-cost muted small"),
        cls="pick",
        for_=f"pick-{value}",
    )
