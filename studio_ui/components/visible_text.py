"""Text in which characters that nobody sees are shown by their code, since they are often what is wrong."""

import re

from app.languages import gettext as _
from studio_ui.components.nodes import Node, el

HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def visible(text: str) -> list[Node]:
    """The text with the codes of characters that cannot be seen."""
    pieces: list[Node] = []
    at = 0
    for match in HIDDEN.finditer(text):
        code = el("span", f"U+{ord(match[0]):04X}", cls="hidden-mark", title=_("A character that cannot be seen"))
        pieces += [text[at : match.start()], code]
        at = match.end()
    return [*pieces, text[at:]]
