"""Reads conversations out of cells: OpenAI's ``messages``, ShareGPT's ``conversations``."""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.generative import ASSISTANT, SYSTEM, USER, Turn, UnusableRow
from app.catalog.task_types.text_patterns import visible

ROLES = {
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "human": USER,
    "prompter": USER,
    "customer": USER,
    "assistant": ASSISTANT,
    "gpt": ASSISTANT,
    "chatgpt": ASSISTANT,
    "bot": ASSISTANT,
    "model": ASSISTANT,
    "ai": ASSISTANT,
    "bing": ASSISTANT,
    "bard": ASSISTANT,
}
# What templates put around turns; inside a message they would end it.
_MARKERS = re.compile(r"<\|[a-zA-Z0-9_ ]{2,40}\|>|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>")


def read_turns(cell: Any) -> tuple[Turn, ...]:
    """The turns of a conversation written as JSON.

    Raises:
        UnusableRow: ``not_a_conversation``, ``no_turns``, ``unknown_turn_role``, ``unsupported_content`` or ``empty_turn``.
    """
    try:
        value = json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        raise UnusableRow("not_a_conversation", found=cell) from None
    if isinstance(value, Mapping):
        value = value.get("messages", value.get("conversations", value))
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise UnusableRow("not_a_conversation", found=cell)
    if not value:
        raise UnusableRow("no_turns")
    return tuple(_turn(turn) for turn in value)


def require_order(turns: Sequence[Turn]) -> None:
    """Refuse orders that templates do not know.

    Raises:
        UnusableRow: ``system_not_first``, ``repeated_role`` or ``no_assistant_turn``.
    """
    spoken = turns[1:] if turns[0].role == SYSTEM else turns
    if any(turn.role == SYSTEM for turn in spoken):
        raise UnusableRow("system_not_first")
    for before, after in itertools.pairwise(spoken):
        if before.role == after.role:
            raise UnusableRow("repeated_role", role=after.role, text=after.content)
    if all(turn.role != ASSISTANT for turn in spoken):
        raise UnusableRow("no_assistant_turn")


def refuse_markers(turns: Sequence[Turn]) -> None:
    """Refuse messages that hold a template's markers.

    Raises:
        UnusableRow: ``template_markers``.
    """
    for turn in turns:
        if found := _MARKERS.search(turn.content):
            raise UnusableRow("template_markers", found=found.group())


def _turn(value: Mapping[str, Any]) -> Turn:
    given = value.get("role", value.get("from", value.get("speaker")))
    role = ROLES.get(str(given).casefold().strip())
    if role is None:
        raise UnusableRow("unknown_turn_role", role=given)
    content = _text(value.get("content", value.get("value", value.get("text"))))
    if content is None or value.get("tool_calls"):
        raise UnusableRow("unsupported_content", role=given)
    if not visible(content):
        raise UnusableRow("empty_turn", role=given)
    return Turn(role, content)


def _text(content: Any) -> str | None:
    """Plain text, also where it is a list of text parts; None where there is something else, such as a picture."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [
        part.get("text") if isinstance(part, Mapping) and part.get("type", "text") == "text" else None
        for part in content
    ]
    return None if any(not isinstance(part, str) for part in parts) else "".join(str(part) for part in parts)


WORDS = {
    "not_a_conversation": (
        "error",
        "What {messages} holds is no list of messages.",
        'Write [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]. These rows are left out.',
    ),
    "no_turns": ("error", "The conversation in {messages} has no messages.", "Fill it in; these rows are left out."),
    "unknown_turn_role": (
        "error",
        "A message has a role other than system, user and assistant.",
        "Use these three (or human and gpt); these rows are left out.",
    ),
    "unsupported_content": (
        "error",
        "A message holds something other than text, such as a picture or a call of a tool.",
        "Keep the text only; these rows are left out.",
    ),
    "empty_turn": ("error", "A message is empty.", "Fill it in or remove it; these rows are left out."),
    "system_not_first": (
        "error",
        "A system message stands after the beginning, or there are two.",
        "Put one system message first; these rows are left out.",
    ),
    "repeated_role": (
        "error",
        "Two messages in a row come from the same side.",
        "Join them into one; these rows are left out, because chat templates expect turns.",
    ),
    "no_assistant_turn": (
        "error",
        "There is no answer of the assistant, so there is nothing to learn.",
        "Add the answers; these rows are left out.",
    ),
    "last_turn_not_assistant": (
        "warning",
        "The last message is not the assistant's.",
        "It is read, but nothing is learned from what follows the last answer; add the answer or remove the message.",
    ),
    "starts_with_assistant": (
        "warning",
        "The conversation begins with the assistant.",
        "Some chat templates refuse that; add the message that it answers.",
    ),
}
