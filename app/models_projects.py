"""Tables beside the projects: runs that are shared with one person, the project that somebody has chosen, quotas,
and exports of everything of a person."""

from sqlalchemy import BigInteger, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class RunGrant(Base):
    """A run that a person outside of its project may look at, compare and try."""

    __tablename__ = "run_grants"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    granted_by: Mapped[str | None] = mapped_column(String(36))


class ProjectChoice(Base):
    """The project whose lists a person sees, and into which their uploads go; without a row all are listed."""

    __tablename__ = "project_choices"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)


class Quota(Base):
    """The most that a person or a project may use; None for the studio's setting, which is no limit for projects."""

    __tablename__ = "quotas"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), unique=True)
    max_runs: Mapped[int | None] = mapped_column(Integer)
    max_hours: Mapped[float | None] = mapped_column(Float)
    max_bytes: Mapped[int | None] = mapped_column(BigInteger)


class PersonExport(Base):
    """A ZIP with everything of a person, and the job that writes it; ``bytes`` once it is there."""

    __tablename__ = "person_exports"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
