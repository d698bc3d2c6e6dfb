"""What is different between two texts, word by word."""

from difflib import SequenceMatcher

from app.languages import gettext
from studio_ui.components.nodes import Node, el

# The comparison takes time with the product of both lengths; beyond this it is skipped, with a note.
MAX_WORDS = 800


def word_diff(reference: str | None, text: str) -> Node:
    """The text with its differences: underlined is only here, struck through only in the reference."""
    before, after = (reference or "").split(), text.split()
    if not before or max(len(before), len(after)) > MAX_WORDS:
        note = gettext("Longer than {most} words; differences are not marked.", most=MAX_WORDS) if before else None
        return el(
            "span",
            text or gettext("(nothing)"),
            el("span", note, cls="muted row-note") if note else None,
            cls="written-text",
        )
    pieces: list[Node] = []
    for _, start, end, to_start, to_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        kept, missing, added = before[start:end] == after[to_start:to_end], before[start:end], after[to_start:to_end]
        if kept:
            pieces += [el("span", " ".join(added)), " "]
        else:
            pieces += [el("del", " ".join(missing)), " "] if missing else []
            pieces += [el("ins", " ".join(added)), " "] if added else []
    return el("span", *pieces[:-1], cls="word-diff")
