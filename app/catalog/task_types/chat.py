"""Chat: conversations of several turns, in OpenAI's or ShareGPT's way of writing them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.base import Problem, Role
from app.catalog.task_types.candidates import DECIDED, WEAK, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.column_names import HISTORIES, find_column, is_called
from app.catalog.task_types.conversation_forms import Message, find_messages
from app.catalog.task_types.generative import ASSISTANT, SYSTEM, USER, Example, GenerativeTask, Turn
from app.catalog.task_types.text_patterns import visible
from app.languages import stated, stated_list

NAMES = ("messages", "conversations", "conversation", "dialog", "dialogue", "chat", "turns")
SYSTEM_NAMES = ("system", "system_prompt", "system_message", "systemInstruction", "system_instruction", "instructions")


def _answer_beside(table: TableFacts, messages: str) -> str | None:
    """The column with the answers in plain text, where the conversations end before the assistant speaks."""
    if table.share(messages, conversations.is_conversation, 50) < facts.SHARE:
        return None
    if table.share(messages, conversations.answers_itself, 50) > 1 - facts.SHARE:
        return None
    return find_column(table.of_kind(facts.TEXTS, facts.WORDS), names.ANSWERS, [messages])


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
        Role("completion", "Answer", "A column with the answer, where it stands beside the messages.", required=False),
    )
    answer_roles = ("completion",)
    nested_roles = ("messages", "system", "completion")
    conversation_roles = ("messages", "completion")
    words = conversations.WORDS

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """The column with a known name or with conversations; another one with messages of the assistant is the answer."""
        return self._guess(TableFacts(tuple(columns), sample))

    def _guess(self, table: TableFacts) -> dict[str, str]:
        columns = table.names
        # What was said before a request is no conversation of its own.
        beside = all(names.request_and_answer(columns))
        able = [name for name in columns if not (beside and is_called(name, HISTORIES))]
        fitting = [name for name in able if table.share(name, conversations.is_conversation, 50) > 0]
        answers = [name for name in fitting if table.share(name, conversations.only_answers, 50) >= facts.SHARE]
        asked = [name for name in fitting if name not in answers]
        messages = find_column(asked, NAMES) or find_column(columns, NAMES) or next(iter(asked), None)
        if messages is None:
            return {}
        system = find_column(columns, SYSTEM_NAMES, [messages])
        completion = answers[0] if len(answers) == 1 else _answer_beside(table, messages)
        chosen = {"messages": messages, "system": system, "completion": completion}
        return {role: name for role, name in chosen.items() if name}

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """A column of message lists decides; a column that is only called like one hardly counts."""
        guess = self._guess(table)
        if not guess:
            return []
        fits = table.share(guess["messages"], conversations.is_conversation) >= facts.SHARE / 2
        why = stated("{column} holds lists of messages", column=repr(guess["messages"]))
        return [GoalCandidate(self.kind, guess, DECIDED, why) if fits else GoalCandidate(self.kind, guess, WEAK)]

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        cell = {role: row.get(name) for role, name in columns.items()}
        asked, answer = cell["messages"], cell.get("completion")
        messages = find_messages(asked)
        turns = self._asked(messages, asked, answer)
        if answer is not None:
            turns += self._answered(find_messages(answer), answer)
        system = conversations.plain_text(cell.get("system"))
        if visible(system) and turns[0] != Turn(SYSTEM, system):
            turns = (Turn(SYSTEM, system), *turns)
        conversations.require_order(turns)
        conversations.refuse_markers(turns)
        return Example(turns, unread=conversations.unread_parts(messages or ()))

    def _asked(self, messages: Sequence[Message] | None, cell: Any, answer: Any) -> tuple[Turn, ...]:
        """The messages; a plain text beside a column of answers is what the user says."""
        if answer is None or conversations.have_sides(messages) or not isinstance(cell, str):
            return conversations.turns_of(messages, cell)
        return (Turn(USER, cell),)

    def _answered(self, messages: Sequence[Message] | None, cell: Any) -> tuple[Turn, ...]:
        if conversations.have_sides(messages):
            return conversations.turns_of(messages, cell)
        return (Turn(ASSISTANT, conversations.plain_text(cell)),)

    def check(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`; of calls of tools the roles that were met are named."""
        problems = super().check(rows, columns)
        for problem in problems:
            if problem.code == "tool_calls":
                met = {role for example in problem.examples for role in str(example["roles"]).split(", ")}
                roles = stated("Roles met: {roles}.", roles=", ".join(sorted(met)))
                problem.message = stated_list([problem.message, roles], " ")
        return problems

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """See :meth:`GenerativeTask.remarks`."""
        spoken = [turn for turn in example.turns if turn.role != SYSTEM]
        faults: list[tuple[str, dict[str, Any]]] = [(f"{part}_not_read", {}) for part in example.unread]
        if unlearned := [turn.content for turn in spoken if turn.role == ASSISTANT and not turn.learned]:
            faults.append(("answers_not_learned", {"text": unlearned[0]}))
        if spoken[-1].role != ASSISTANT:
            faults.append(("last_turn_not_assistant", {"text": spoken[-1].content}))
        if spoken[0].role == ASSISTANT:
            faults.append(("starts_with_assistant", {"text": spoken[0].content}))
        return faults
