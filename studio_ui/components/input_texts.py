"""What a model was asked: one text as it is, or several that it reads together, each under its title."""

from collections.abc import Sequence

from app.languages import gettext as _
from studio_ui.components.nodes import Node, el

# Title and text; one text alone has no title.
Parts = Sequence[Sequence[str]]


def input_texts(parts: Parts) -> Node:
    """The texts of one input."""
    if len(parts) == 1:
        return parts[0][1]
    texts = [el("p", el("span", _(title), cls="input-title"), " ", el("span", text)) for title, text in parts]
    return el("div", texts, cls="input-texts")
