"""Tables about the work itself rather than about anybody's runs: the workers there are, and counted happenings."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class Worker(Base):
    """One worker process and when it was last heard of; ``name`` is its host and process id.

    ``barred_until``: it takes no job before then, because its device failed twice within ten minutes.
    """

    __tablename__ = "workers"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    boot_id: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[float] = mapped_column(Float, default=db_now())
    heartbeat_at: Mapped[float] = mapped_column(Float, default=db_now(), index=True)
    stopped_at: Mapped[float | None] = mapped_column(Float)
    job_id: Mapped[str | None] = mapped_column(String(36))
    machine: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    device_failures: Mapped[list[float]] = mapped_column(JSON, default=list)
    barred_until: Mapped[float | None] = mapped_column(Float)


class InferenceServer(Base):
    """One process that looks after a model server, when it was last heard of, and where the server answers.

    ``device``: what it computes on, empty where nobody has to make room. ``wanted_at``: when somebody last asked a server
    that rests to come. ``facts``: what it holds and does, for people.
    """

    __tablename__ = "inference_servers"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(500))
    device: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[float] = mapped_column(Float, default=db_now())
    heartbeat_at: Mapped[float] = mapped_column(Float, default=db_now(), index=True)
    stopped_at: Mapped[float | None] = mapped_column(Float)
    wanted_at: Mapped[float | None] = mapped_column(Float)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class EventCounter(Base):
    """How often something has happened since the installation began; for Prometheus."""

    __tablename__ = "tallies"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(Integer, default=0)


class ModelFetch(Base):
    """A base model that somebody wants from the hub: ``revision`` as asked, ``commit`` and ``name`` once they are known."""

    __tablename__ = "model_fetches"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    repo: Mapped[str] = mapped_column(String(200))
    revision: Mapped[str] = mapped_column(String(100), default="main")
    commit: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(200), default="")


class TrackerExport(Base):
    """A run written for another tracker: ``address`` where it can be seen, or ``bytes`` of the files to download."""

    __tablename__ = "tracker_exports"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    tracker: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(1000), default="")
    bytes: Mapped[int] = mapped_column(Integer, default=0)


class BatchPrediction(Base):
    """A file of texts for a model to answer; ``run_id``, ``model`` and ``job_id`` are set once it is queued.

    ``model`` is the id of a run, or ``<run id>@<step>`` for one of its checkpoints; ``model_name`` is what it was called then.
    ``columns`` maps the roles of what the model reads to columns of the file.
    """

    __tablename__ = "batch_predictions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"), index=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), unique=True)
    model: Mapped[str] = mapped_column(String(100), default="")
    model_name: Mapped[str] = mapped_column(String(300), default="")
    file_name: Mapped[str] = mapped_column(String(300))
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    rows: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
