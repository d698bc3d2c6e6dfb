"""Tables beside the dataset versions: checks that run as jobs, what columns meant before, who looked at test rows."""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class DatasetCheck(Base):
    """Work on a dataset that ends in a version with its report: ``work`` says what is to be done, the job how far it is.

    ``dataset_id`` is empty until an import has made its dataset; ``version`` is the number of what came out.
    """

    __tablename__ = "dataset_checks"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("datasets.id"), index=True)
    version: Mapped[int | None] = mapped_column(Integer)
    work: Mapped[dict[str, Any]] = mapped_column(JSON)


class RememberedColumns(Base):
    """What the columns of a kind of file meant as last confirmed by a member of the project; ``names`` is their digest."""

    __tablename__ = "remembered_columns"
    __table_args__ = (UniqueConstraint("project_id", "names"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    names: Mapped[str] = mapped_column(String(64))
    task_type: Mapped[str] = mapped_column(String(60))
    columns: Mapped[dict[str, str]] = mapped_column(JSON)
    author_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[float] = mapped_column(Float, default=db_now())


class HoldoutAccess(Base):
    """How often one person has looked at, or changed, rows that a version keeps for the final test."""

    __tablename__ = "test_peeks"
    __table_args__ = (UniqueConstraint("dataset_version_id", "user_id", "kind"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20))
    times: Mapped[int] = mapped_column(Integer, default=0)
    rows: Mapped[int] = mapped_column(Integer, default=0)
    first_at: Mapped[float] = mapped_column(Float, default=db_now())
    last_at: Mapped[float] = mapped_column(Float, default=db_now())
