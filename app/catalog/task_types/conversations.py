"""Reads conversations out of cells, and says what is wrong with them."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.column_facts import FALSE, SHARE, TRUE, TableFacts, parsed
from app.catalog.task_types.conversation_forms import CONTENT_KEYS, Message, find_messages, role_of
from app.catalog.task_types.generative import ASSISTANT, SYSTEM, USER, Turn, UnusableRow
from app.catalog.task_types.text_patterns import visible
from app.speakers import ROLES

TOOLS = (
    "tools",
    "tool",
    "function",
    "function_call",
    "function_response",
    "observation",
    "ipython",
    "tool_call",
    "tool_response",
)
# A message marked with one of these as 0 or false is read and not learned (OpenAI, Mistral, axolotl, KTO); so is one that
# is masked, and one that somebody rated as bad.
LEARNED_MARKS = ("weight", "train", "loss", "label", "trainable", "training", "learn")
MASKS = ("mask", "masked", "ignore", "skip")
RATINGS = ("rating", "feedback", "thumbs", "thumb", "reaction", "vote", "liked", "helpful", "is_good", "good")
THINKING = ("reasoning_content", "reasoning", "thinking", "thought")
TOOL_PARTS = frozenset(
    (
        "tool_use",
        "tool_result",
        "toolUse",
        "toolResult",
        "functionCall",
        "functionResponse",
        "tool_call",
        "tool_response",
    )
)
PICTURE_PARTS = frozenset(("image", "image_url", "input_image", "image_bytes", "inlineData", "inline_data", "fileData"))
# What templates put around turns; inside a message they would end it.
_MARKERS = re.compile(r"<\|[a-zA-Z0-9_ ]{2,40}\|>|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>")


def read_turns(cell: Any) -> tuple[Turn, ...]:
    """The turns of a conversation in one of the forms of ``conversation_forms``.

    A system message that is empty, or the same as the first, is none.

    Raises:
        UnusableRow: ``not_a_conversation``, ``no_turns``, ``tool_calls``, ``unknown_turn_role``, ``unsupported_content`` or
            ``empty_turn``.
    """
    return turns_of(find_messages(cell), cell)


def turns_of(messages: Sequence[Message] | None, cell: Any) -> tuple[Turn, ...]:
    """The turns of the messages that :func:`find_messages` found in a cell; at least one.

    Raises:
        UnusableRow: as :func:`read_turns`.
    """
    if messages is None:
        raise UnusableRow("not_a_conversation", found=cell)
    if not messages:
        raise UnusableRow("no_turns")
    if tools := _tool_roles(messages):
        raise UnusableRow("tool_calls", roles=", ".join(tools))
    turns: list[Turn] = []
    for turn in map(_turn, messages):
        if turn.role != SYSTEM or (visible(turn.content) and turn not in turns):
            turns.append(turn)
    if not turns:
        raise UnusableRow("no_turns")
    return tuple(turns)


def is_conversation(cell: Any) -> bool:
    """Whether a cell holds messages of known sides, whatever may be wrong with them."""
    return have_sides(find_messages(cell))


def have_sides(messages: Sequence[Message] | None) -> bool:
    """Whether messages that were found are of known sides."""
    return any(ROLES.get(role := _given_role(message), SYSTEM) != SYSTEM or role in TOOLS for message in messages or ())


def conversation_column(table: TableFacts) -> str | None:
    """The first column in which nearly every cell is a conversation."""
    return next((name for name in table.names if table.share(name, is_conversation) >= SHARE), None)


def answers_itself(cell: Any) -> bool:
    """Whether a cell holds a whole conversation: somebody asks and the assistant answers."""
    sides = {ROLES.get(_given_role(message)) for message in find_messages(cell) or ()}
    return {USER, ASSISTANT} <= sides


def only_answers(cell: Any) -> bool:
    """Whether all messages of a cell are the assistant's."""
    sides = {ROLES.get(_given_role(message)) for message in find_messages(cell) or ()}
    return sides == {ASSISTANT}


def has_thumbs(cell: Any) -> bool:
    """Whether answers of a conversation are marked as good or bad."""
    return any(
        isinstance(message.get("label"), bool) or _rating(message) is not None for message in find_messages(cell) or ()
    )


def has_pictures(cell: Any) -> bool:
    """Whether a message of a conversation comes with a picture."""
    return _hold_pictures(find_messages(cell) or ())


def unread_parts(messages: Sequence[Message]) -> tuple[str, ...]:
    """What messages hold besides text that is read: ``pictures``, ``thinking``."""
    thinking = any(message.get(key) for message in messages for key in THINKING)
    return ("pictures",) * _hold_pictures(messages) + ("thinking",) * thinking


def _hold_pictures(messages: Sequence[Message]) -> bool:
    return any(_is_picture(_content(message)) for message in messages)


def plain_text(cell: Any) -> str:
    """The text of a cell that may hold it in parts, as ``[{"text": ...}]`` or ``{"parts": [...]}``."""
    value = parsed(cell)
    if isinstance(value, Mapping):
        value = _content(value)
    text = _text(value)
    return text if value is not None and text is not None else str(cell or "")


def require_order(turns: Sequence[Turn]) -> None:
    """Refuse orders that templates do not know.

    Raises:
        UnusableRow: ``system_not_first``, ``repeated_role``, ``no_assistant_turn`` or ``nothing_learned``.
    """
    spoken = turns[1:] if turns[0].role == SYSTEM else turns
    if any(turn.role == SYSTEM for turn in spoken):
        raise UnusableRow("system_not_first")
    for before, after in itertools.pairwise(spoken):
        if before.role == after.role:
            raise UnusableRow("repeated_role", role=after.role, text=after.content)
    if all(turn.role != ASSISTANT for turn in spoken):
        raise UnusableRow("no_assistant_turn")
    if not any(turn.learned for turn in spoken if turn.role == ASSISTANT):
        raise UnusableRow("nothing_learned")


def refuse_markers(turns: Sequence[Turn]) -> None:
    """Refuse messages that hold a template's markers.

    Raises:
        UnusableRow: ``template_markers``.
    """
    for turn in turns:
        if found := _MARKERS.search(turn.content):
            raise UnusableRow("template_markers", found=found.group())


def _turn(value: Mapping[str, Any]) -> Turn:
    given = _given_role(value)
    role = ROLES.get(given)
    if role is None:
        raise UnusableRow("unknown_turn_role", role=given)
    content = _text(_content(value))
    if content is None or (not visible(content) and _is_picture(_content(value))):
        raise UnusableRow("unsupported_content", role=given)
    if not visible(content) and role != SYSTEM:
        raise UnusableRow("empty_turn", role=given)
    return Turn(role, content, learned=is_learned(value))


def is_learned(message: Message) -> bool:
    """Whether nothing marks a message as context only."""
    marked = any(message.get(key) in (0, False) for key in LEARNED_MARKS if key in message)
    masked = any(message.get(key) in (1, True) for key in MASKS)
    return not marked and not masked and _rating(message) is not False


def _rating(message: Message) -> bool | None:
    """Whether somebody rated a message as good or bad; None where nobody did."""
    given = {str(message[key]).casefold().strip() for key in RATINGS if isinstance(message.get(key), str | int | float)}
    if given & FALSE:
        return False
    return True if given & TRUE else None


def _given_role(message: Mapping[str, Any]) -> str:
    given = role_of(message)
    return "" if given is None else str(given).casefold().strip()


def _tool_roles(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The roles of messages that call a tool or come from one."""
    found = [
        _given_role(message)
        for message in messages
        if _given_role(message) in TOOLS
        or message.get("tool_calls")
        or message.get("function_call")
        or _has_tool_part(_content(message))
    ]
    return list(dict.fromkeys(found))


def _has_tool_part(content: Any) -> bool:
    """Whether a part of a message calls a tool or is what one gave back: Anthropic, Bedrock, Gemini."""
    parts = content if isinstance(content, list) else []
    return any(
        isinstance(part, Mapping) and not TOOL_PARTS.isdisjoint((*part, str(part.get("type")))) for part in parts
    )


def _content(message: Mapping[str, Any]) -> Any:
    return next((message[key] for key in CONTENT_KEYS if key in message), None)


def _is_picture(content: Any) -> bool:
    if isinstance(content, str):
        return "<image>" in content
    if not isinstance(content, list):
        return False
    return any(map(_is_picture_part, content))


def _is_picture_part(part: Any) -> bool:
    return isinstance(part, Mapping) and not PICTURE_PARTS.isdisjoint((*part, str(part.get("type"))))


def _text(content: Any) -> str | None:
    """Plain text, also where it is a list of text parts, without pictures and their marks; None for anything else."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content.replace("<image>", "").strip() if "<image>" in content else content
    if not isinstance(content, list):
        return None
    parts: list[str] = []
    for part in content:
        if _is_picture_part(part):
            continue
        text = part.get("text") if isinstance(part, Mapping) and part.get("type", "text") == "text" else None
        if not isinstance(text, str):
            return None
        parts.append(text)
    return "".join(parts)


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
    "tool_calls": (
        "error",
        "These conversations call tools; that is not learned here yet.",
        "Keep the messages that are text, without the calls and what the tools answered; these rows are left out.",
    ),
    "unsupported_content": (
        "error",
        "A message holds something other than text, such as a picture alone.",
        "Keep the text only; these rows are left out.",
    ),
    "empty_turn": (
        "error",
        "A message of the user or the assistant is empty.",
        "Fill it in or remove it; these rows are left out.",
    ),
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
    "nothing_learned": (
        "error",
        "Every answer of the assistant is marked as not to be learned (weight, train, loss, label, a mask or a rating).",
        "Mark the answers that are good with weight 1; these rows are left out.",
    ),
    "pictures_not_read": (
        "warning",
        "These conversations hold pictures, which are not read; their text alone is learned.",
        "Leave out the rows that cannot be answered without the picture.",
    ),
    "thinking_not_read": (
        "warning",
        "What the assistant thinks (reasoning_content) stands beside the answers and is not read.",
        "Write it into the answer, for example between <think> and </think>, if it should be learned.",
    ),
    "answers_not_learned": (
        "info",
        "Answers marked as context only or as bad (weight 0, train, loss or label false, a mask, thumbs down) are read and "
        "not learned.",
        "The other answers of these conversations are learned.",
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
