"""Chat: conversations of several turns, in OpenAI's or ShareGPT's way of writing them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import conversations
from app.catalog.task_types.base import Role
from app.catalog.task_types.generative import ASSISTANT, SYSTEM, Example, GenerativeTask, Turn, UnusableRow, find_column
from app.catalog.task_types.text_patterns import visible

NAMES = ("messages", "conversations", "conversation", "dialog", "dialogue", "chat", "turns")
SYSTEM_NAMES = ("system", "system_prompt", "system_message")


class Chat(GenerativeTask):
    """Learn to answer as the assistant does in the conversations."""

    kind = "chat"
    title = "Chat in several turns"
    summary = (
        "Learn from whole conversations to answer as their assistant does, for example at a counter or a helpdesk."
    )
    example = "“A latte, please.” → “Is everything right on the screen?” → “Yes.” → “It will be up shortly.”"
    roles = (
        Role("messages", "Conversation", "The column with the list of messages, each with a role and a content."),
        Role("system", "System prompt", "A column with the assistant's instructions, if there is one.", required=False),
    )
    nested_roles = ("messages",)
    words = conversations.WORDS

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """The column with a known name or with lists of messages."""
        fitting = [name for name in columns if any(_fits(row.get(name)) for row in sample[:50])]
        messages = find_column(fitting, NAMES) or find_column(columns, NAMES) or next(iter(fitting), None)
        if messages is None:
            return {}
        system = find_column(columns, SYSTEM_NAMES, [messages])
        return {"messages": messages, **({"system": system} if system else {})}

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        turns = conversations.read_turns(row.get(columns["messages"]))
        system = row.get(columns["system"]) if "system" in columns else None
        if isinstance(system, str) and visible(system):
            turns = (Turn(SYSTEM, system), *turns)
        conversations.require_order(turns)
        conversations.refuse_markers(turns)
        return Example(turns)

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """See :meth:`GenerativeTask.remarks`."""
        spoken = [turn for turn in example.turns if turn.role != SYSTEM]
        faults: list[tuple[str, dict[str, Any]]] = []
        if spoken[-1].role != ASSISTANT:
            faults.append(("last_turn_not_assistant", {"text": spoken[-1].content}))
        if spoken[0].role == ASSISTANT:
            faults.append(("starts_with_assistant", {"text": spoken[0].content}))
        return faults


def _fits(cell: Any) -> bool:
    if not isinstance(cell, str) or not cell.lstrip().startswith("["):
        return False
    try:
        conversations.read_turns(cell)
    except UnusableRow as flaw:
        return flaw.code not in ("not_a_conversation", "unknown_turn_role")
    return True
