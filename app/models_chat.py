"""Tables of the chat playground: conversations with one to four models, and their messages."""

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class Conversation(Base):
    """A conversation of one user with 1-4 models side by side; ``models`` are run ids or ``base:<name>``, one for each pane.

    The members of its project may read it.
    """

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    title: Mapped[str] = mapped_column(String(200), default="")
    system: Mapped[str] = mapped_column(Text, default="")
    models: Mapped[list[str]] = mapped_column(JSON)
    sampling: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class ConversationMessage(Base):
    """One message: the user's (``pane`` None), or what the model of a pane replied.

    ``number`` is the same for a question and its replies. A replaced reply stays, but is no longer part of the talk.
    ``data`` of a reply: model, adapter's hash, sampling, tokens and times, how it ended.
    """

    __tablename__ = "conversation_messages"
    __table_args__ = (Index("ix_conversation_messages_place", "conversation_id", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    number: Mapped[int] = mapped_column(Integer)
    pane: Mapped[int | None] = mapped_column(Integer)
    content: Mapped[str] = mapped_column(Text)
    replaced: Mapped[bool] = mapped_column(Boolean, default=False)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
