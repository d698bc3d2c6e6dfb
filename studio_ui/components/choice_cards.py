"""A choice among cards: each has a title, reasons and lines of facts; what takes a moment to compute arrives later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, el

# Name of the group that waits behind the disclosure.
SPECIAL = gettext_noop("Specialist choices")


def fold_words(number: int) -> str:
    """What the disclosure says."""
    return ngettext("Show {number} specialist choice", "Show {number} specialist choices", number)


@dataclass(frozen=True)
class Card:
    """One choice.

    Attributes:
        badge: a word beside the title, e.g. *Recommended*.
        lines: facts, one below the other.
        why: the reason, shown on the recommended card.
        special: waits behind the disclosure, where its facts are asked for once it is opened.
    """

    value: str
    title: str
    badge: str = ""
    lines: Sequence[Node] = field(default_factory=tuple)
    why: Node = ""
    special: bool = False


# The signed-in user's id, the context of the cards and the values of those that are seen: value -> nodes of its line.
ReadLines = Callable[[str, Mapping[str, Any], list[str]], Mapping[str, Any]]


class ChoiceCards(BrowserComponent):
    """Radio buttons as cards; ``value`` is that of the chosen card, and a choice triggers ``choose`` with
    ``{"value", "before"}``.

    With ``read_lines`` each card has one more line, ``waiting`` at first, which is asked for all seen cards at once when they
    are seen for the first time and whenever ``context`` has changed. The radio buttons have the ids ``<group>-<value>``.
    """

    module = "choice_cards.js"
    sends = ("choose",)

    def __init__(
        self,
        value: str | None = None,
        *,
        legend: str,
        group: str,
        cards: Sequence[Card | dict[str, Any]] = (),
        context: Mapping[str, Any] | None = None,
        read_lines: ReadLines | None = None,
        waiting: str = "",
        special_legend: str = SPECIAL,
        fold_words: Callable[[int], str] = fold_words,
        row: bool = False,
        fold: str = "",
        **options: Any,
    ) -> None:
        def card_lines(user_id: str, data: dict[str, Any]) -> Mapping[str, Any]:
            assert read_lines is not None
            values = [str(item) for item in list(data.get("values") or [])[:200]]
            return read_lines(user_id, dict(data.get("context") or {}), values)

        self.fixed: dict[str, Any] = {
            "legend": legend,
            "group": group,
            "waiting": waiting,
            "special_legend": _(special_legend),
            "row": row,
        }
        # Not named as the parameter is: Gradio would copy it into every page's configuration.
        self.fold_of = fold_words
        super().__init__(
            value=value,
            server_functions=[card_lines] if read_lines else [],
            cards=as_props(cards, group, waiting),
            context=dict(context or {}),
            fold=fold or self._fold(cards),
            **self.fixed,
            **options,
        )

    def _fold(self, cards: Sequence[Card | dict[str, Any]]) -> str:
        return self.fold_of(sum(bool(card["special"] if isinstance(card, dict) else card.special) for card in cards))

    def update(
        self, value: str | None, cards: Sequence[Card], context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What a listener returns to show other cards; the lines that arrive later belong to the ``context``."""
        # Gradio forgets what an update leaves out.
        shown = as_props(cards, self.fixed["group"], self.fixed["waiting"])
        return gr.update(value=value, cards=shown, context=dict(context or {}), fold=self._fold(cards), **self.fixed)

    def api_info(self) -> dict[str, Any]:
        """The value of a card."""
        return {"type": ["string", "null"], "description": "The value of the chosen card."}

    def example_payload(self) -> Any:
        """No choice yet."""
        return None


def as_props(cards: Sequence[Card | dict[str, Any]], group: str, waiting: str) -> list[dict[str, Any]]:
    """Cards as the browser gets them; Gradio hands them over again in this form when it copies a component."""
    return [
        card
        if isinstance(card, dict)
        else {"value": card.value, "special": card.special, "node": _card(card, group, waiting)}
        for card in cards
    ]


def _card(card: Card, group: str, waiting: str) -> Node:
    badge = el("span", card.badge, cls="badge") if card.badge else None
    lines = [el("span", line, cls="choice-line") if isinstance(line, str) else line for line in card.lines]
    late = el("span", waiting, cls="choice-line fit", data_late=card.value) if waiting else None
    why = el("span", el("strong", _("Why: ")), card.why, cls="choice-why") if card.why else None
    title = el("span", card.title, badge, cls="choice-title")
    return el(
        "label",
        el("input", type="radio", name=group, value=card.value, id=f"{group}-{card.value}"),
        el("span", title, lines, late, why, cls="choice-body"),
        cls="choice",
        for_=f"{group}-{card.value}",
    )
