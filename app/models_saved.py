"""Tables of what a person saves: views of the table of runs, prompt suites, and votes on answers."""

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class SavedItem(Base):
    """A row that a person saved under a name."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    name: Mapped[str] = mapped_column(String(200))


class RunView(SavedItem):
    """Filters and order of the table of runs; ``view`` is the query of its address."""

    __tablename__ = "run_views"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)
    view: Mapped[dict[str, str]] = mapped_column(JSON)


class PromptSuite(SavedItem):
    """Prompts to send to several models."""

    __tablename__ = "prompt_suites"
    prompts: Mapped[list[str]] = mapped_column(JSON)


class AnswerVote(Base):
    """A person's vote on a run's answer to a held-out row: 1 good, -1 bad; no row without a vote."""

    __tablename__ = "answer_votes"
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, index=True)
    row_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    value: Mapped[int] = mapped_column(Integer)
