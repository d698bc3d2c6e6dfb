"""Conversations as lists of messages that can be edited, whichever way the file writes them."""

from collections.abc import Collection, Mapping
from typing import Any

from app.catalog.task_types.conversation_forms import CONTENT_KEYS, ROLE_KEYS, Message, find_messages
from app.catalog.task_types.conversations import have_sides, is_learned
from app.speakers import ROLES


def canonical_messages(cell: Any) -> list[dict[str, Any]] | None:
    """``[{"role", "content", ...}]`` of a cell; None where it holds no conversation.

    Known roles are ``system``, ``user`` and ``assistant``, others stay as written. The content is text, or what it was where
    that is more than text. Other keys of a message (weights, names, thinking) stay beside them, so that nothing is lost when
    the list is stored instead of the cell.
    """
    messages = find_messages(cell)
    return [_canonical(message) for message in messages] if messages and have_sides(messages) else None


def is_not_learned(message: Message) -> bool:
    """Whether a message is marked as context only, or as bad."""
    return not is_learned(message)


def _canonical(message: Message) -> dict[str, Any]:
    role_key = _first(message, [key for key in ROLE_KEYS if message.get(key) is not None])
    content_key = _first(message, CONTENT_KEYS)
    given = str(message.get(role_key, "")).strip()
    content = message.get(content_key, "")
    rest = {key: value for key, value in message.items() if key not in (role_key, content_key)}
    role = ROLES.get(given.casefold(), given)
    return {"role": role, "content": _plain("" if content is None else content), **rest}


def _first(message: Mapping[str, Any], keys: Collection[str]) -> str:
    return next((key for key in keys if key in message), "")


def _plain(content: Any) -> Any:
    """The text of a list of nothing but text parts; anything else as it is."""
    if not isinstance(content, list) or not all(_is_text_part(part) for part in content):
        return content
    return "".join(part if isinstance(part, str) else part["text"] for part in content)


def _is_text_part(part: Any) -> bool:
    if isinstance(part, str):
        return True
    return isinstance(part, Mapping) and part.keys() <= {"type", "text"} and isinstance(part.get("text"), str)
