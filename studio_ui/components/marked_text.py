"""Text with marked words as nodes: each mark has its type written beside it, so that colour is never the only signal."""

from collections.abc import Sequence

from app.languages import gettext as _
from studio_ui.components.nodes import Node, el

HUES = 8
# Start, end (in characters) and type of a marked piece; an item is a list where it comes from JSON.
Span = Sequence[int | str]


class Marks:
    """Marks of one page: a type has the same colour everywhere, in the order in which types are known or met."""

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._places = {label: at for at, label in enumerate(labels)}

    def text(self, text: str, spans: Sequence[Span]) -> Node:
        """The text with its marks; ``spans`` are in order and do not overlap."""
        pieces: list[Node] = []
        at = 0
        for start, end, label in spans:
            pieces += [text[at : int(start)], self.piece(text[int(start) : int(end)], str(label))]
            at = int(end)
        return el("span", *pieces, text[at:], cls="marked-text")

    def piece(self, words: str, label: str, note: str = "") -> Node:
        """One marked piece with its type."""
        place = self._places.setdefault(label, len(self._places)) % HUES
        shown = f"{label} {note}" if note else label
        return el("mark", words, " ", el("span", shown, cls="entity-type"), cls=f"entity entity-{place}")

    def differences(self, text: str, expected: Sequence[Span], given: Sequence[Span]) -> Node:
        """What was missed, taken for something else, or marked without reason; a word of praise if nothing."""
        wanted, found = [_span(one) for one in expected], [_span(one) for one in given]
        missed = [one for one in wanted if one not in found]
        extra = [one for one in found if one not in wanted]
        if not missed and not extra:
            words = _("as expected") if wanted else _("nothing, as expected")
            return el("span", el("span", "✓", aria_hidden="true"), el("span", words), cls="answer answer-right")
        items = []
        for one in missed:
            other = next((mark for mark in extra if one[0] < mark[1] and mark[0] < one[1]), None)
            if other is None:
                items.append(el("li", _("missed "), self._at(text, one)))
            else:
                extra.remove(other)
                items.append(el("li", self._at(text, one), _(" taken for "), self._at(text, other)))
        items += [el("li", _("marked without reason "), self._at(text, one)) for one in extra]
        return el(
            "div",
            el("span", "✕", aria_hidden="true"),
            el("span", _("wrong: "), cls="sr-only"),
            el("ul", items, cls="entity-differences"),
            cls="answer answer-wrong",
        )

    def _at(self, text: str, span: tuple[int, int, str]) -> Node:
        return self.piece(text[span[0] : span[1]], span[2])


def _span(span: Span) -> tuple[int, int, str]:
    start, end, label = span
    return int(start), int(end), str(label)
