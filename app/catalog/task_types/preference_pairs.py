"""Reads a row as a request with a preferred and a rejected answer, or with one answer that is marked good or bad."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.task_types import conversations, votes
from app.catalog.task_types.column_facts import FALSE, TRUE, parsed
from app.catalog.task_types.conversation_forms import Message, find_messages, role_of
from app.catalog.task_types.generative import ASSISTANT, SYSTEM, USER, Example, Turn, UnusableRow
from app.catalog.task_types.text_patterns import visible
from app.catalog.task_types.votes import FIRST, TIE
from app.speakers import ROLES

RATINGS = ("overall_score", "score", "rating", "reward", "preference")
# Of these the lowest is the best.
RANKS = ("rank", "ranking", "position")
TEXTS = ("response", "text", "content", "output", "answer", "completion", "value", "generation")


@dataclass(frozen=True)
class PreferenceExample(Example):
    """``turns`` are the request with the preferred answer, ``rejected`` the same with the rejected one.

    Of a single answer ``rejected`` is empty, and ``good`` says how it is marked. Learned are the answers after what both share.
    """

    rejected: tuple[Turn, ...] = ()
    good: bool | None = None

    @property
    def shared(self) -> tuple[Turn, ...]:
        """The turns before the answers."""
        return self.question

    @property
    def rejected_answer(self) -> str:
        """The rejected answer; empty where there is none."""
        return next((turn.content for turn in reversed(self.rejected) if turn.learned), "")


def read_pair(row: Mapping[str, Any], columns: Mapping[str, str]) -> PreferenceExample:
    """What a row says about its answers.

    Raises:
        UnusableRow: with a code of ``app.catalog.task_types.preference.WORDS`` or of conversations.
    """
    cell = {role: row.get(name) for role, name in columns.items()}
    asked = _asked(cell.get("prompt"))
    if "mark" in columns:
        return _marked(cell, asked)
    better, worse = _sides(cell, columns)
    if not _is_filled(better):
        raise UnusableRow("empty_chosen", rejected=worse)
    if not _is_filled(worse):
        raise UnusableRow("empty_rejected", chosen=better)
    one, other = (_conversation(side, asked, cell.get("system")) for side in (better, worse))
    return _pair(one, other)


def rated_answers(value: Any) -> tuple[str, str] | None:
    """(best, worst) of a list: two texts, the better first, or answers with a rating or a rank; None for anything else."""
    if not isinstance(value, list) or len(value) < 2:
        return None
    if len(value) == 2 and all(isinstance(item, str) for item in value):
        return value[0], value[1]
    rated = [_rated(item) for item in value]
    known = [item for item in rated if item is not None]
    if len(known) < len(value):
        return None
    best, worst = max(known, key=lambda item: item[0]), min(known, key=lambda item: item[0])
    return (best[1], worst[1]) if best[0] > worst[0] else None


def _rated(item: Any) -> tuple[float, str] | None:
    if not isinstance(item, Mapping):
        return None
    text = next((item[key] for key in TEXTS if isinstance(item.get(key), str)), None)
    rating = next((item[key] for key in RATINGS if _is_number(item.get(key))), None)
    rank = next((item[key] for key in RANKS if _is_number(item.get(key))), None)
    if text is None or (rating is None and rank is None):
        return None
    return (float(rating) if rating is not None else -float(str(rank)), text)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _sides(cell: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[Any, Any]:
    """The cells of the better and of the worse answer."""
    one, other = cell.get("chosen"), cell.get("rejected")
    if "rated" in columns:
        found = rated_answers(parsed(cell["rated"]))
        if found is None:
            raise UnusableRow("not_rated", found=cell["rated"])
        one, other = found
    role = votes.winner_role(columns)
    if role is None:
        return one, other
    side = votes.side_of(cell.get(role), role, columns.get("chosen", ""), columns.get("rejected", ""))
    if side is None:
        raise UnusableRow("unknown_winner", winner=cell.get(role))
    if side == TIE:
        raise UnusableRow("tie", winner=cell.get(role))
    return (one, other) if side == FIRST else (other, one)


def _marked(cell: Mapping[str, Any], asked: tuple[Turn, ...]) -> PreferenceExample:
    mark = str(cell.get("mark") if cell.get("mark") is not None else "").casefold().strip()
    if mark not in TRUE | FALSE:
        raise UnusableRow("unknown_mark", mark=cell.get("mark"))
    if not _is_filled(cell.get("chosen")):
        raise UnusableRow("empty_chosen", mark=mark)
    turns = _conversation(cell["chosen"], asked, cell.get("system"))
    last = len(turns) - 1
    if turns[last].role != ASSISTANT:
        raise UnusableRow("no_answer_last", text=turns[last].content)
    conversations.refuse_markers(turns)
    return PreferenceExample(_learn_from(turns, last), good=mark in TRUE)


def _pair(one: tuple[Turn, ...], other: tuple[Turn, ...]) -> PreferenceExample:
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    rests = one[shared:], other[shared:]
    if not any(rests):
        raise UnusableRow("same_answers", text=one[-1].content)
    if not all(rests) or any(rest[0].role != ASSISTANT for rest in rests):
        raise UnusableRow("prompts_differ", chosen=_said(rests[0]), rejected=_said(rests[1]))
    if shared == 0 or all(turn.role == SYSTEM for turn in one[:shared]):
        raise UnusableRow("empty_prompt", chosen=_said(rests[0]))
    if [turn.content.strip() for turn in rests[0]] == [turn.content.strip() for turn in rests[1]]:
        raise UnusableRow("same_answers", text=_said(rests[0]))
    for turns in (one, other):
        conversations.require_order(turns)
        conversations.refuse_markers(turns)
    return PreferenceExample(_learn_from(one, shared), rejected=_learn_from(other, shared))


def _said(turns: Sequence[Turn]) -> str:
    return turns[0].content if turns else ""


def _learn_from(turns: Sequence[Turn], start: int) -> tuple[Turn, ...]:
    """The turns, of which only the assistant's from a position on are learned."""
    return tuple(turn._replace(learned=at >= start and turn.role == ASSISTANT) for at, turn in enumerate(turns))


def _is_filled(cell: Any) -> bool:
    return visible(cell) if isinstance(cell, str) else bool(cell)


def _asked(cell: Any) -> tuple[Turn, ...]:
    """The turns of a request: a conversation, or a text of the user; none where the cell is empty."""
    if not _is_filled(cell):
        return ()
    messages = find_messages(cell)
    if conversations.have_sides(messages) and (parsed(cell) is not None or _ask(messages or ())):
        return _plain(conversations.turns_of(messages, cell))
    return (Turn(USER, conversations.plain_text(cell).strip()),)


def _ask(messages: Sequence[Message]) -> bool:
    """Whether both sides speak in turns and the user speaks last; else a text only quotes a conversation."""
    sides = [side for message in messages if (side := ROLES.get(str(role_of(message)).casefold())) != SYSTEM]
    return sides == [USER, ASSISTANT] * (len(sides) // 2) + [USER]


def _conversation(cell: Any, asked: tuple[Turn, ...], system: Any) -> tuple[Turn, ...]:
    """The whole conversation that ends in the answer of a cell.

    Raises:
        UnusableRow: ``empty_prompt``, or the messages cannot be read.
    """
    # A plain answer beside a request may quote a conversation; without a request it has to be one.
    messages = find_messages(cell) if not asked or parsed(cell) is not None else None
    turns: tuple[Turn, ...]
    if conversations.have_sides(messages):
        turns = _plain(conversations.turns_of(messages, cell))
        if all(turn.role == ASSISTANT for turn in turns):
            turns = (*asked, *turns)
    else:
        turns = (*asked, Turn(ASSISTANT, conversations.plain_text(cell).strip()))
    if all(turn.role != USER for turn in turns):
        raise UnusableRow("empty_prompt", answer=turns[-1].content)
    if isinstance(system, str) and visible(system) and turns[0].role != SYSTEM:
        turns = (Turn(SYSTEM, system), *turns)
    return turns


def _plain(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Without what marks some turns as not to be learned: that is decided by the pair."""
    return tuple(turn._replace(learned=True) for turn in turns)
