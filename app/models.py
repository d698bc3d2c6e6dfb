"""The tables, with those of ``models_*``. Times are Unix seconds by the database's clock; keys are UUID text."""

import uuid
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app import models_audit as _audit  # noqa: F401 - its tables belong to the same metadata
from app import models_chat as _chat  # noqa: F401 - the same
from app import models_costs as _costs  # noqa: F401 - the same
from app import models_data as _data  # noqa: F401 - the same
from app import models_projects as _projects  # noqa: F401 - the same
from app import models_samples as _samples  # noqa: F401 - the same
from app import models_saved as _saved  # noqa: F401 - the same
from app import models_shares as _shares  # noqa: F401 - the same
from app import models_sign_in as _sign_in  # noqa: F401 - the same
from app import models_work as _work  # noqa: F401 - the same
from app.db import Base, db_now

QUEUED, CLAIMED, RUNNING = "queued", "claimed", "running"
SUCCEEDED, FAILED, CANCELLED, DIVERGED = "succeeded", "failed", "cancelled", "diverged"
ACTIVE_STATES = (QUEUED, CLAIMED, RUNNING)
TERMINAL_STATES = (SUCCEEDED, FAILED, CANCELLED, DIVERGED)


def new_id() -> str:
    """A fresh UUID as text; unguessable, the same type in both databases."""
    return str(uuid.uuid4())


class _Row(Base):
    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())


class User(_Row):
    """A person; the embedded default has exactly one, the owner."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(20), default="owner")
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class BrowserSession(_Row):
    """A signed-in browser; only the SHA-256 of the cookie is stored."""

    __tablename__ = "sessions"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[float] = mapped_column(Float, default=db_now())
    expires_at: Mapped[float] = mapped_column(Float)
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    agent: Mapped[str] = mapped_column(String(200), default="", server_default="")


class SignInLink(_Row):
    """A one-time link that opens a session; used at most once."""

    __tablename__ = "sign_in_links"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[float] = mapped_column(Float)
    used_at: Mapped[float | None] = mapped_column(Float)


class ApiToken(_Row):
    """A bearer token for programs; only its SHA-256 is stored. ``scope`` is ``all`` or ``read``."""

    __tablename__ = "api_tokens"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="token")
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[float | None] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)
    scope: Mapped[str] = mapped_column(String(20), default="all", server_default="all")
    expires_at: Mapped[float | None] = mapped_column(Float)


class Project(_Row):
    """Datasets, runs, experiments and conversations with their members; ``home_of`` is the person whose own project it is.

    Everybody has one of their own, in which they stay owner.
    """

    __tablename__ = "projects"
    name: Mapped[str] = mapped_column(String(200))
    home_of: Mapped[str | None] = mapped_column(String(36), unique=True)


class ProjectMember(_Row):
    """Who may do what in a project: owner, editor or viewer."""

    __tablename__ = "project_members"
    __table_args__ = (UniqueConstraint("project_id", "user_id"),)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="owner")


class Dataset(_Row):
    """A named table of examples; its content lives in versions."""

    __tablename__ = "datasets"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    versions: Mapped[list["DatasetVersion"]] = relationship(order_by="DatasetVersion.number", back_populates="dataset")


class DatasetVersion(_Row):
    """Rows that never change, with their hash, frozen splits and report; runs point here.

    ``source`` is the other machine that they were fetched from, as ``DatasetSource`` of the catalog; None: uploaded.
    """

    __tablename__ = "dataset_versions"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    number: Mapped[int] = mapped_column(Integer, default=1)
    file_name: Mapped[str] = mapped_column(String(300), default="")
    format: Mapped[str] = mapped_column(String(20))
    encoding: Mapped[str] = mapped_column(String(40), default="utf-8")
    content_sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(Integer)
    usable_rows: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(20))
    task_type: Mapped[str] = mapped_column(String(60))
    columns: Mapped[dict[str, str]] = mapped_column(JSON)
    labels: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    split_sizes: Mapped[dict[str, int]] = mapped_column(JSON)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    author_id: Mapped[str | None] = mapped_column(String(36))
    change: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    source: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    dataset: Mapped[Dataset] = relationship(back_populates="versions")


class Job(_Row):
    """One long piece of work and its lease. Every transition is a function in ``app.services.queue.jobs``.

    A queued job with ``paused_at`` waits until its owner resumes it. ``rank`` orders one person's waiting jobs (None: as
    created). ``adjustments`` are settings changed after earlier attempts, e.g. ``{"portions": 4}`` after running out of memory;
    ``run_id`` names the run that a later job has taken on.
    ``device`` names what it computes on while it runs, empty if no inference server has to release that. It asks for
    ``devices`` at once, with an estimated ``memory_bytes`` on each (0: not known).
    """

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("owner_id", "idempotency_key"), Index("ix_jobs_state", "state", "created_at"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=QUEUED)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    holder: Mapped[str | None] = mapped_column(String(200))
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[float | None] = mapped_column(Float)
    heartbeat_at: Mapped[float | None] = mapped_column(Float)
    not_before: Mapped[float] = mapped_column(Float, default=0.0)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer, default=3)
    notified_at: Mapped[float | None] = mapped_column("rung_at", Float)
    cancel_requested_at: Mapped[float | None] = mapped_column(Float)
    pause_requested_at: Mapped[float | None] = mapped_column(Float)
    paused_at: Mapped[float | None] = mapped_column(Float)
    priority: Mapped[int] = mapped_column(Integer, default=0)
    rank: Mapped[float | None] = mapped_column("place", Float)
    adjustments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    boot_id: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(1000), default="")
    devices: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    memory_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    pid: Mapped[int | None] = mapped_column(Integer)
    pid_started: Mapped[float | None] = mapped_column(Float)
    phase: Mapped[str] = mapped_column(String(200), default="")
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    started_at: Mapped[float | None] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)


class DatasetReview(_Row):
    """A job that reviews the labels of one dataset version, and its results; the version stays unchanged."""

    __tablename__ = "dataset_reviews"
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    base_model: Mapped[str] = mapped_column(String(200))
    results: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    job: Mapped[Job] = relationship(lazy="joined")


class LabelVerdict(_Row):
    """What a person decided about a label that a review doubted: ``kept`` or ``corrected``; holds in every version that has the
    same content, which is a hash of texts and label."""

    __tablename__ = "label_verdicts"
    __table_args__ = (UniqueConstraint("dataset_id", "content"),)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    content: Mapped[str] = mapped_column(String(32))
    verdict: Mapped[str] = mapped_column(String(10))


class Experiment(_Row):
    """Several runs on the same rows that compare methods or search settings.

    ``plan`` holds methods, varied settings, budget, and the finished run that the experiment may start from.
    """

    __tablename__ = "experiments"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    chosen_run_id: Mapped[str | None] = mapped_column(String(36))


class Run(_Row):
    """One tuning run: a frozen spec, the job that executes it and its results."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_newest", "project_id", "archived", "created_at", "id"),
        Index("ix_runs_best", "project_id", "dataset_version_id", "task_type", "quality"),
    )
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    task_type: Mapped[str] = mapped_column(String(60))
    base_model: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(60))
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    results: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    experiment_id: Mapped[str | None] = mapped_column(ForeignKey("experiments.id"), index=True)
    starred: Mapped[bool] = mapped_column(Boolean, default=False)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    # Copies of parts of `results`, so that ten thousand runs can be sorted by an index.
    quality: Mapped[float | None] = mapped_column(Float)
    train_loss: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float | None] = mapped_column(Float)
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sparkline: Mapped[list[float]] = mapped_column(JSON, default=list)
    job: Mapped[Job] = relationship(lazy="joined")
    dataset_version: Mapped[DatasetVersion] = relationship(lazy="joined")

    @validates("results")
    def _copy_results(self, key: str, results: dict[str, Any] | None) -> dict[str, Any] | None:
        values = results or {}
        self.quality = headline_metric(values.get("metrics") or {})
        self.train_loss = values.get("train_loss")
        self.seconds = (values.get("seconds") or {}).get("total")
        self.memory_bytes = values.get("peak_memory_bytes")
        return results


def headline_metric(metrics: dict[str, float]) -> float | None:
    """The score by which runs are listed: accuracy where there is one, else the first that is not a loss."""
    return metrics.get("accuracy", next((value for name, value in metrics.items() if "loss" not in name), None))


class MetricPoint(Base):
    """One value at one step; the unique key makes repeated delivery harmless."""

    __tablename__ = "metric_points"
    __table_args__ = (UniqueConstraint("run_id", "key", "step"), Index("ix_metric_cursor", "run_id", "seq"))
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(80))
    step: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float] = mapped_column(Float)
    at: Mapped[float] = mapped_column(Float)


class MetricExtremes(Base):
    """Lowest and highest point of a part of a curve (``curves.STRIDE`` steps): long curves are drawn from these."""

    __tablename__ = "metric_extremes"
    __table_args__ = {"sqlite_with_rowid": False}
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    part: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    low_step: Mapped[int] = mapped_column(BigInteger)
    low: Mapped[float] = mapped_column(Float)
    low_at: Mapped[float] = mapped_column(Float)
    high_step: Mapped[int] = mapped_column(BigInteger)
    high: Mapped[float] = mapped_column(Float)
    high_at: Mapped[float] = mapped_column(Float)


class Event(Base):
    """A phase, notice or alert of a run. ``source`` and ``number`` make it unique."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("run_id", "source", "number"), Index("ix_event_cursor", "run_id", "seq"))
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(80))
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(20), default="info")
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[float] = mapped_column(Float)


class Checkpoint(_Row):
    """A verified checkpoint folder of a run."""

    __tablename__ = "checkpoints"
    __table_args__ = (UniqueConstraint("run_id", "path"),)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    fence: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    metrics: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)


class Artifact(_Row):
    """A file or folder that a run produced: its adapter folder, later merged weights and exports."""

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("run_id", "kind", "path"),)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))


class Prediction(Base):
    """One held-out row answered by the base (linear probe) and by the tuned model."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("run_id", "split", "row_id"),)
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    split: Mapped[str] = mapped_column(String(20))
    row_id: Mapped[int] = mapped_column(Integer)
    input: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    base_answer: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    score: Mapped[float] = mapped_column(Float)
