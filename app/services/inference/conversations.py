"""Conversations of the chat playground: kept for their owner, found again tomorrow. Talks to no model."""

import uuid
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.models_chat import Conversation, ConversationMessage

MOST_PANES = 4
LONGEST_TEXT = 20_000
TITLE_LENGTH = 60


def start(user_id: str, models: list[str], system: str = "", sampling: dict[str, Any] | None = None) -> dict[str, Any]:
    """A new conversation with 1-4 models side by side."""
    _check(models, system)
    made = Conversation(id=str(uuid.uuid4()), owner_id=user_id, models=models, system=system, sampling=sampling or {})
    with transaction() as session:
        session.add(made)
        session.flush()
        return _as_dict(made)


def change(
    user_id: str, conversation_id: str, models: list[str], system: str, sampling: dict[str, Any]
) -> dict[str, Any]:
    """Other models, another system prompt or another way of choosing, from the next question on."""
    _check(models, system)
    with transaction() as session:
        found = _find(session, user_id, conversation_id)
        found.models, found.system, found.sampling = models, system, sampling
        return _as_dict(found)


def list_conversations(user_id: str) -> list[dict[str, Any]]:
    """One's own, newest first, with the number of questions; those without any are left out."""
    asked = func.max(ConversationMessage.number)
    wanted = (
        select(Conversation, asked)
        .join(ConversationMessage, ConversationMessage.conversation_id == Conversation.id)
        .where(Conversation.owner_id == user_id)
        .group_by(Conversation.id)
        .order_by(Conversation.created_at.desc())
    )
    with snapshot() as session:
        return [{**_as_dict(found), "questions": count} for found, count in session.execute(wanted)]


def read(user_id: str, conversation_id: str) -> dict[str, Any]:
    """The conversation with all its ``messages`` in order; replaced replies are marked."""
    with snapshot() as session:
        found = _find(session, user_id, conversation_id)
        return {**_as_dict(found), "messages": [_message(each) for each in _messages(session, conversation_id)]}


def remove(user_id: str, conversation_id: str) -> None:
    """Delete it and everything said in it."""
    with transaction() as session:
        found = _find(session, user_id, conversation_id)
        session.execute(delete(ConversationMessage).where(ConversationMessage.conversation_id == found.id))
        session.delete(found)


def ask(user_id: str, conversation_id: str, text: str) -> dict[str, Any]:
    """Add a question for all panes."""
    if not text.strip():
        raise Rejected("empty_message", "The message is empty.", "Type something.")
    if len(text) > LONGEST_TEXT:
        raise Rejected(
            "message_too_long", f"The message has {len(text):,} characters.", f"Shorten it to {LONGEST_TEXT:,}."
        )
    with transaction() as session:
        found = _find(session, user_id, conversation_id)
        number = _last_number(session, found.id) + 1
        if number == 1:
            found.title = " ".join(text.split())[:TITLE_LENGTH]
        made = ConversationMessage(
            id=str(uuid.uuid4()), conversation_id=found.id, number=number, pane=None, content=text, data={}
        )
        session.add(made)
        session.flush()
        return _message(made)


def history(user_id: str, conversation_id: str, pane: int) -> list[dict[str, str]]:
    """What the model of a pane is given for its next reply: system prompt, questions, and that pane's own replies.

    Raises:
        Rejected: nothing has been asked yet.
    """
    with snapshot() as session:
        found = _find(session, user_id, conversation_id)
        said = [each for each in _messages(session, found.id) if not each.replaced and each.pane in (None, pane)]
    last = max((each.number for each in said if each.pane is None), default=0)
    if not last:
        raise Rejected("nothing_asked", "Nothing has been asked in this conversation.", "Send a message first.")
    talk = [{"role": "system", "content": found.system}] if found.system.strip() else []
    for each in said:
        if each.pane is None:
            talk.append({"role": "user", "content": each.content})
        elif each.number < last:
            talk.append({"role": "assistant", "content": each.content})
    return talk


def keep_reply(user_id: str, conversation_id: str, pane: int, text: str, data: dict[str, Any]) -> dict[str, Any]:
    """Store a pane's reply to the newest question; an earlier one to the same question counts as replaced."""
    with transaction() as session:
        found = _find(session, user_id, conversation_id)
        number = _last_number(session, found.id)
        for each in _messages(session, found.id):
            if each.number == number and each.pane == pane:
                each.replaced = True
        made = ConversationMessage(
            id=str(uuid.uuid4()), conversation_id=found.id, number=number, pane=pane, content=text, data=data
        )
        session.add(made)
        session.flush()
        return _message(made)


def transcript(user_id: str, conversation_id: str) -> str:
    """The conversation as Markdown, each reply with its model, settings and numbers."""
    told = read(user_id, conversation_id)
    lines = [f"# {told['title'] or 'Conversation'}", ""]
    if told["system"]:
        lines += ["**System prompt**", "", _quoted(told["system"]), ""]
    for each in told["messages"]:
        if each["replaced"]:
            continue
        data = each["data"]
        who = "You" if each["pane"] is None else f"{data.get('name') or told['models'][each['pane']]}"
        lines += [f"**{who}**", "", _quoted(each["content"]), ""]
        if each["pane"] is not None:
            facts = {key: value for key, value in data.items() if key != "name" and value not in (None, "", [])}
            lines += ["<sub>" + ", ".join(f"{key}: {value}" for key, value in facts.items()) + "</sub>", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _check(models: list[str], system: str) -> None:
    if not 1 <= len(models) <= MOST_PANES:
        raise Rejected("panes", f"{len(models)} models were chosen.", f"Choose 1 to {MOST_PANES}.")
    if len(system) > LONGEST_TEXT:
        raise Rejected("system_too_long", f"The system prompt has {len(system):,} characters.", "Shorten it.")


def _find(session: Session, user_id: str, conversation_id: str) -> Conversation:
    found = session.get(Conversation, conversation_id)
    if found is None or found.owner_id != user_id:
        raise NotFound(
            "conversation_not_found", f"There is no conversation {conversation_id!r} among yours.", "Start a new one."
        )
    return found


def _messages(session: Session, conversation_id: str) -> list[ConversationMessage]:
    place = (ConversationMessage.number, ConversationMessage.pane.is_not(None), ConversationMessage.pane)
    wanted = select(ConversationMessage).where(ConversationMessage.conversation_id == conversation_id)
    return list(session.scalars(wanted.order_by(*place, ConversationMessage.created_at)))


def _last_number(session: Session, conversation_id: str) -> int:
    wanted = select(func.max(ConversationMessage.number)).where(ConversationMessage.conversation_id == conversation_id)
    return session.scalar(wanted) or 0


def _as_dict(found: Conversation) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title,
        "system": found.system,
        "models": found.models,
        "sampling": found.sampling,
        "created_at": found.created_at,
    }


def _message(each: ConversationMessage) -> dict[str, Any]:
    return {
        "id": each.id,
        "number": each.number,
        "pane": each.pane,
        "content": each.content,
        "replaced": each.replaced,
        "data": each.data,
        "created_at": each.created_at,
    }
