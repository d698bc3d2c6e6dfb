"""Conversations of the chat playground, stored for their owner.

A conversation has 1-4 panes, one for each model. Questions go to all panes; each pane has replies of its own.
"""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import Project, Run, User
from app.models_chat import Conversation, ConversationMessage
from app.services.accounts import access, accounts, projects
from app.services.accounts.access import TO_CHANGE, TO_DELETE, TO_LOOK
from app.services.inference.chat import BASE_PREFIX, STEP_SEPARATOR, check_chat_model

MAX_PANES = 4
MAX_TEXT_LENGTH = 20_000
TITLE_LENGTH = 60
VOTES = (None, "up", "down")


@dataclass(frozen=True)
class ConversationRecord:
    """A conversation without its messages; ``models`` has one entry for each pane."""

    id: str
    title: str
    system: str
    models: list[str]
    sampling: dict[str, Any]
    created_at: float

    def as_dict(self) -> dict[str, Any]:
        """The conversation as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ListedConversation(ConversationRecord):
    """A conversation with its number of questions; ``author`` is the name of a colleague who began it, empty for one's own."""

    questions: int
    author: str


@dataclass(frozen=True)
class MessageRecord:
    """A question (``pane`` None) or a pane's reply.

    Attributes:
        number: of the question that it is or answers.
        replaced: whether a later reply to the same question took its place.
        data: model, settings and timings of a reply.
    """

    id: str
    number: int
    pane: int | None
    content: str
    replaced: bool
    data: dict[str, Any]
    created_at: float

    def as_dict(self) -> dict[str, Any]:
        """The message as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class FullConversation(ConversationRecord):
    """A conversation with all its messages in order."""

    messages: list[MessageRecord]


def start(
    user_id: str, models: list[str], system: str = "", sampling: dict[str, Any] | None = None
) -> ConversationRecord:
    """A new conversation with 1-4 models side by side.

    Raises:
        Rejected: no or too many models, or too long a system prompt.
        NotFound: a model is unknown or somebody else's.
    """
    _check(models, system)
    _check_models(user_id, models)
    fields = {"models": models, "system": system, "sampling": sampling or {}}
    home = projects.chosen(user_id) or accounts.home_project(user_id).id
    with transaction() as session:
        project_id = _project_of(session, user_id, models) or home
        made = Conversation(id=str(uuid.uuid4()), owner_id=user_id, project_id=project_id, **fields)
        session.add(made)
        session.flush()
        return ConversationRecord(**_fields(made))


def change(
    user_id: str, conversation_id: str, models: list[str], system: str, sampling: dict[str, Any]
) -> ConversationRecord:
    """Other models, system prompt or sampling from the next question on.

    Raises:
        Rejected: as :func:`start`.
        NotFound: it is not theirs.
    """
    _check(models, system)
    with snapshot() as session:
        chosen = _find(session, user_id, conversation_id, TO_CHANGE).models
    # One that is chosen already may be gone; the conversation can still be changed.
    _check_models(user_id, [model for model in models if model not in chosen])
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        found.models, found.system, found.sampling = models, system, sampling
        return ConversationRecord(**_fields(found))


def list_conversations(user_id: str, project_id: str = "") -> list[ListedConversation]:
    """One's own and those of one's projects, newest first; those without a question are left out.

    Args:
        project_id: only those of this project; empty for all.
    """
    query = (
        select(Conversation, User.name, func.max(ConversationMessage.number))
        .join(ConversationMessage, ConversationMessage.conversation_id == Conversation.id)
        .join(User, User.id == Conversation.owner_id)
        .where(access.visible(Conversation, user_id, project_id=project_id))
        .group_by(Conversation.id, User.name)
        .order_by(Conversation.created_at.desc())
    )
    with snapshot() as session:
        return [
            ListedConversation(**_fields(found), questions=count, author="" if found.owner_id == user_id else name)
            for found, name, count in session.execute(query)
        ]


def permitted(user_id: str, need: str) -> set[str]:
    """Ids of the conversations with which the person may do what takes a role: go on with their own, delete those of projects."""
    with snapshot() as session:
        return set(session.scalars(select(Conversation.id).where(access.visible(Conversation, user_id, need))))


def read(user_id: str, conversation_id: str) -> FullConversation:
    """The conversation with all its messages.

    Raises:
        NotFound: it is not theirs.
    """
    with snapshot() as session:
        found = _find(session, user_id, conversation_id)
        messages = [_record(message) for message in _messages(session, conversation_id)]
        return FullConversation(**_fields(found), messages=messages)


def remove(user_id: str, conversation_id: str) -> None:
    """Delete a conversation with its messages.

    Raises:
        NotFound: it is not theirs.
    """
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_DELETE)
        session.execute(delete(ConversationMessage).where(ConversationMessage.conversation_id == found.id))
        session.delete(found)


def ask(user_id: str, conversation_id: str, text: str) -> MessageRecord:
    """Add a question for all panes; the first one becomes the title.

    Raises:
        Rejected: an empty or too long text.
        NotFound: the conversation is not theirs.
    """
    if not text.strip():
        raise Rejected("empty_message", _("The message is empty."), _("Type something."))
    if len(text) > MAX_TEXT_LENGTH:
        raise Rejected(
            "message_too_long",
            _("The message has {text} characters.", text=decimal(len(text))),
            _("Shorten it to {MAX_TEXT_LENGTH}.", MAX_TEXT_LENGTH=decimal(MAX_TEXT_LENGTH)),
        )
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        number = _last_number(session, found.id) + 1
        if number == 1:
            found.title = " ".join(text.split())[:TITLE_LENGTH]
        message = ConversationMessage(
            id=str(uuid.uuid4()), conversation_id=found.id, number=number, pane=None, content=text, data={}
        )
        session.add(message)
        session.flush()
        return _record(message)


def history(user_id: str, conversation_id: str, pane: int) -> list[dict[str, str]]:
    """The chat messages for the pane's next reply: system prompt, questions, and that pane's own replies.

    Raises:
        Rejected: nothing has been asked yet.
    """
    with snapshot() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        stored = _messages(session, found.id)
    current = [message for message in stored if not message.replaced and message.pane in (None, pane)]
    last = max((message.number for message in current if message.pane is None), default=0)
    if not last:
        raise Rejected("nothing_asked", _("Nothing has been asked in this conversation."), _("Send a message first."))
    chat = [{"role": "system", "content": found.system}] if found.system.strip() else []
    for message in current:
        if message.pane is None:
            chat.append({"role": "user", "content": message.content})
        elif message.number < last:
            chat.append({"role": "assistant", "content": message.content})
    return chat


def keep_reply(user_id: str, conversation_id: str, pane: int, text: str, data: dict[str, Any]) -> MessageRecord:
    """Store a pane's reply to the newest question; an earlier one to the same question is marked as replaced."""
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        number = _last_number(session, found.id)
        for message in _messages(session, found.id):
            if message.number == number and message.pane == pane:
                message.replaced = True
        reply = ConversationMessage(
            id=str(uuid.uuid4()), conversation_id=found.id, number=number, pane=pane, content=text, data=data
        )
        session.add(reply)
        session.flush()
        return _record(reply)


def take_back(user_id: str, conversation_id: str, number: int | None = None) -> str:
    """Delete the question with this number (the newest one if None) and everything after it; returns its text.

    Raises:
        NotFound: the conversation is not theirs, or has no such question.
    """
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        number = number or _last_number(session, found.id)
        later = [message for message in _messages(session, found.id) if message.number >= number]
        question = next((message for message in later if message.number == number and message.pane is None), None)
        if question is None:
            raise NotFound(
                "question_not_found",
                _("There is no question {amount} in this conversation.", amount=number),
                _("Reload the page."),
            )
        for message in later:
            session.delete(message)
        return question.content


def rate(user_id: str, conversation_id: str, number: int, pane: int, vote: str | None) -> MessageRecord:
    """Keep the person's vote on a pane's reply: ``up``, ``down`` or None.

    Raises:
        Rejected: another vote.
        NotFound: the conversation is not theirs, or the pane has not replied to this question.
    """
    if vote not in VOTES:
        raise Rejected("vote", _("{vote} is not a vote.", vote=repr(vote)), _("Allowed are up, down and nothing."))
    with transaction() as session:
        found = _find(session, user_id, conversation_id, TO_CHANGE)
        replies = [
            message
            for message in _messages(session, found.id)
            if (message.number, message.pane, message.replaced) == (number, pane, False)
        ]
        if not replies:
            raise NotFound("reply_not_found", _("There is no such reply in this conversation."), _("Reload the page."))
        replies[-1].data = {**replies[-1].data, "vote": vote}
        return _record(replies[-1])


def transcript(user_id: str, conversation_id: str) -> str:
    """The conversation as Markdown, each reply with its model, settings and timings."""
    conversation = read(user_id, conversation_id)
    lines = [f"# {conversation.title or 'Conversation'}", ""]
    if conversation.system:
        lines += [_("**System prompt**"), "", _quoted(conversation.system), ""]
    for message in conversation.messages:
        if message.replaced:
            continue
        if message.pane is None:
            lines += [_("**You**"), "", _quoted(message.content), ""]
            continue
        name = message.data.get("name") or conversation.models[message.pane]
        facts = {key: value for key, value in message.data.items() if key != "name" and value not in (None, "", [])}
        lines += [f"**{name}**", "", _quoted(message.content), ""]
        lines += ["<sub>" + ", ".join(f"{key}: {value}" for key, value in facts.items()) + "</sub>", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _check(models: list[str], system: str) -> None:
    if not 1 <= len(models) <= MAX_PANES:
        raise Rejected(
            "panes",
            _("{models} models were chosen.", models=len(models)),
            _("Choose 1 to {MAX_PANES}.", MAX_PANES=MAX_PANES),
        )
    if len(system) > MAX_TEXT_LENGTH:
        raise Rejected(
            "system_too_long",
            _("The system prompt has {system} characters.", system=decimal(len(system))),
            _("Shorten it."),
        )


def _check_models(user_id: str, models: list[str]) -> None:
    for model in models:
        check_chat_model(user_id, model)


def _project_of(session: Session, user_id: str, models: list[str]) -> str | None:
    """The project of the first tuned model, unless that was shared with the person alone; its members read the conversation."""
    tuned = [model.partition(STEP_SEPARATOR)[0] for model in models if not model.startswith(BASE_PREFIX)]
    member = (Run.id.in_(tuned), Run.project_id.in_(select(Project.id).where(access.visible(Project, user_id))))
    return session.scalar(select(Run.project_id).where(*member).order_by(Run.created_at).limit(1))


def _find(session: Session, user_id: str, conversation_id: str, need: str = TO_LOOK) -> Conversation:
    missing = NotFound(
        "conversation_not_found",
        _("Conversation {conversation_id} not found.", conversation_id=repr(conversation_id)),
        _("Start a new one."),
    )
    return access.find(session, Conversation, conversation_id, user_id, missing, need=need)


def _messages(session: Session, conversation_id: str) -> list[ConversationMessage]:
    order = (ConversationMessage.number, ConversationMessage.pane.is_not(None), ConversationMessage.pane)
    query = select(ConversationMessage).where(ConversationMessage.conversation_id == conversation_id)
    return list(session.scalars(query.order_by(*order, ConversationMessage.created_at)))


def _last_number(session: Session, conversation_id: str) -> int:
    query = select(func.max(ConversationMessage.number)).where(ConversationMessage.conversation_id == conversation_id)
    return session.scalar(query) or 0


def _fields(found: Conversation) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title,
        "system": found.system,
        "models": found.models,
        "sampling": found.sampling,
        "created_at": found.created_at,
    }


def _record(message: ConversationMessage) -> MessageRecord:
    return MessageRecord(
        id=message.id,
        number=message.number,
        pane=message.pane,
        content=message.content,
        replaced=message.replaced,
        data=message.data,
        created_at=message.created_at,
    )
