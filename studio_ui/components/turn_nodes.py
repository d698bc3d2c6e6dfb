"""A conversation as nodes: message by message as it is read, and the fields in which it is edited."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.message_lists import canonical_messages, is_not_learned
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.speakers import ASSISTANT, SYSTEM, USER
from studio_ui.components.nodes import Node, el
from studio_ui.components.visible_text import visible

ROLE_WORDS = {SYSTEM: gettext_noop("System"), USER: gettext_noop("User"), ASSISTANT: gettext_noop("Assistant")}
# More messages of one row are folded.
MOST_SHOWN = 6
Messages = Sequence[Mapping[str, Any]]


def conversation(text: str | None) -> Node:
    """The messages of a cell, one below the other; nothing where it holds no conversation."""
    messages = canonical_messages(text)
    if messages is None:
        return ""
    rest = messages[MOST_SHOWN:]
    more = ngettext("{number} more message", "{number} more messages", len(rest))
    folded = el("details", el("summary", more), _list(rest), cls="turns-more")
    return el("div", _list(messages[:MOST_SHOWN]), folded if rest else None, cls="turns")


def _list(messages: Messages) -> Node:
    return el("ol", [_turn(message) for message in messages], cls="turns-list")


def _turn(message: Mapping[str, Any]) -> Node:
    content, role = message["content"], str(message["role"])
    words: Node | list[Node] = visible(content) if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    unlearned = role == ASSISTANT and is_not_learned(message)
    return el(
        "li",
        el("strong", _(ROLE_WORDS[role]) if role in ROLE_WORDS else role, cls="turn-role"),
        el("span", _("read, not learned"), cls="turn-mark") if unlearned else None,
        el("div", words, cls="turn-text"),
        cls=f"turn-{role}" if role in ROLE_WORDS else "",
    )


def turn_editor(messages: Messages, place: str) -> Node:
    """Fields for messages that can be added, removed and moved. ``place`` names the cell for those who hear the page."""
    return el(
        "div",
        el("ol", [_fields(message, place) for message in messages], cls="turn-list"),
        el("div", _fields({"role": USER, "content": ""}, place), cls="turn-template", hidden=True),
        _step(_("Add a message"), "add", ""),
        cls="turn-editor",
    )


def _fields(message: Mapping[str, Any], place: str) -> Node:
    role, content = str(message["role"]), message["content"]
    known = list(ROLE_WORDS) if role in ROLE_WORDS else [role, *ROLE_WORDS]
    options = [el("option", _(ROLE_WORDS.get(name, name)), value=name) for name in known]
    plain = isinstance(content, str)
    text = content if plain else json.dumps(content, ensure_ascii=False)
    rest = {
        key: value
        for key, value in message.items()
        if key not in ("role", "content") or (key == "content" and not plain)
    }
    rows = str(min(10, max(2, len(text) // 34 + text.count("\n") + 1)))
    return el(
        "li",
        el("select", options, aria_label=_("Role, {place}", place=place), data_chosen=role, cls="turn-who"),
        el(
            "textarea",
            text,
            aria_label=_("Text, {place}", place=place),
            cls="cell-input",
            rows=rows,
            disabled=not plain,
        ),
        el(
            "div",
            _step("↑", "up", _("Move up")),
            _step("↓", "down", _("Move down")),
            _step("×", "remove", _("Remove this message")),
            cls="turn-steps",
        ),
        cls="turn",
        data_rest=json.dumps(rest, ensure_ascii=False),
    )


def _step(words: str, name: str, label: str) -> Node:
    return el(
        "button",
        words,
        type="button",
        cls="button small",
        aria_label=label or None,
        title=label or None,
        data_turn=name,
    )
