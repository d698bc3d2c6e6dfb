"""The description of one run that REST, pages and the table of runs show."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from app.db import snapshot
from app.models import QUEUED, Dataset, Run
from app.services.queue import queue_order


@dataclass(frozen=True)
class DatasetReference:
    """The dataset version that a run was trained on."""

    id: str
    name: str | None
    version: int


@dataclass(frozen=True)
class RunDetails:
    """One run with its spec, its results and the state of its job; times are Unix seconds of the database's clock.

    ``spec``, ``results``, ``progress`` and ``error`` are JSON as stored.
    """

    id: str
    name: str
    state: str
    phase: str
    progress: dict[str, Any]
    paused: bool
    pause_requested: bool
    cancel_requested: bool
    attempt: int
    task_type: str
    base_model: str
    method: str
    spec: dict[str, Any]
    results: dict[str, Any] | None
    error: dict[str, Any] | None
    dataset: DatasetReference
    archived: bool
    experiment_id: str | None
    project_id: str
    starred: bool
    tags: list[str]
    note: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    queue_position: int | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**vars(self), "dataset": asdict(self.dataset)}


def describe(run: Run, dataset_name: str | None = None) -> RunDetails:
    """The details of a run; the name of its dataset is read from the database unless the caller knows it."""
    job, version = run.job, run.dataset_version
    if dataset_name is None:
        with snapshot() as session:
            dataset_name = session.scalar(select(Dataset.name).where(Dataset.id == version.dataset_id))
    return RunDetails(
        id=run.id,
        name=run.name,
        state=job.state,
        phase=job.phase,
        progress=job.progress,
        paused=job.state == QUEUED and job.paused_at is not None,
        pause_requested=job.pause_requested_at is not None,
        cancel_requested=job.cancel_requested_at is not None,
        attempt=job.attempt,
        task_type=run.task_type,
        base_model=run.base_model,
        method=run.method,
        spec=run.spec,
        results=run.results,
        error=job.error["error"] if job.error else None,
        dataset=DatasetReference(version.dataset_id, dataset_name, version.number),
        archived=run.archived,
        experiment_id=run.experiment_id,
        project_id=run.project_id,
        starred=run.starred,
        tags=run.tags,
        note=run.note,
        created_at=run.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        queue_position=queue_position(run),
    )


def queue_position(run: Run) -> int | None:
    """1 for the run that starts next; None for a run that is paused or not queued."""
    if run.job.state != QUEUED:
        return None
    with snapshot() as session:
        return queue_order.position(session, run.job_id)
