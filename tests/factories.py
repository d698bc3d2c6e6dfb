"""Rows with sensible defaults, written straight to the database; for tests that are not about how they come to be."""

from sqlalchemy.orm import Session

from app.db import db_now, transaction
from app.models import Dataset, DatasetVersion, Project, ProjectMember, Run, User
from app.models_work import InferenceServer, Worker
from app.services.queue import jobs
from app.services.runs import metrics

SPEC = {
    "version": 1,
    "task_type": "text-classification",
    "base_model": "starter-encoder",
    "columns": {"text": "text", "label": "label"},
    "labels": ["no", "yes"],
    "method": {"kind": "lora"},
    "training": {},
    "dataset_sha256": "0" * 64,
}


def make_user(name: str = "someone") -> str:
    """A user; returns the id."""
    with transaction() as session:
        user = User(name=name)
        session.add(user)
        session.flush()
        return user.id


def make_version(owner_id: str, project_id: str = "") -> tuple[str, str]:
    """A dataset version without files, in a new project of the person unless one is given; returns (project id, version id)."""
    with transaction() as session:
        if not project_id:
            project = Project(name="Tests")
            session.add(project)
            session.flush()
            session.add(ProjectMember(project_id=project.id, user_id=owner_id, role="owner"))
            project_id = project.id
        dataset = Dataset(project_id=project_id, owner_id=owner_id, name="Letters")
        session.add(dataset)
        session.flush()
        version = DatasetVersion(
            dataset_id=dataset.id,
            number=1,
            format="csv",
            content_sha256="0" * 64,
            bytes=100,
            rows=20,
            usable_rows=20,
            status="ok",
            task_type="text-classification",
            columns=SPEC["columns"],
            labels={"no": 10, "yes": 10},
            split_sizes={"train": 16, "validation": 2, "test": 2},
            report={"rows": {"total": 20, "usable": 20}},
        )
        session.add(version)
        session.flush()
        return project_id, version.id


def make_run(owner_id: str, place: tuple[str, str] | None = None, name: str = "A run", spec: dict | None = None) -> Run:
    """A queued run with its job, notified of as `submit` would; no file stands behind its data."""
    project_id, version_id = place or make_version(owner_id)
    with transaction() as session:
        job = jobs.add(session, owner_id=owner_id, kind="train")
        session.flush()
        run = Run(
            project_id=project_id,
            owner_id=owner_id,
            dataset_version_id=version_id,
            job_id=job.id,
            name=name,
            task_type=SPEC["task_type"],
            base_model=SPEC["base_model"],
            method="lora",
            spec=spec or SPEC,
        )
        session.add(run)
    return run


def measured(session: Session, run_id: str, curves: dict[str, list[tuple[int, float]]], began: float = 0.0) -> None:
    """Put curves into a run as its supervisor does: metric -> ``(step, value)``, a second for each step."""
    lines = [
        {"n": number, "type": "metric", "key": key, "step": step, "value": value, "at": began + step}
        for key, points in curves.items()
        for number, (step, value) in enumerate(points)
    ]
    metrics.append(session, run_id, "attempt-1", lines)


def stay_alive(seconds: float = 600.0) -> None:
    """Let the heartbeats of all workers and inference servers count for that long: nobody sends another one."""
    with transaction() as session:
        for process in (Worker, InferenceServer):
            session.query(process).update({"heartbeat_at": db_now() + seconds})
