"""Runs written for other trackers: queue an export, say how far it is, hand over what it needs, keep what came out.

Nothing of a run is read from a tracker. Knows no process and no library.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.trackers import TRACKERS, TrackedRun, find_tracker
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.models import ACTIVE_STATES, SUCCEEDED, TERMINAL_STATES, Job, MetricPoint, Project, Run, new_id
from app.models_work import TrackerExport
from app.services.accounts.accounts import record
from app.services.queue import jobs
from app.services.queue.job_kinds import TRACKER_EXPORT
from app.services.queue.jobs import Claim
from app.services.runs import runs

PIECE = 1024 * 1024


def start(user_id: str, run_id: str, tracker: str) -> dict[str, Any]:
    """Queue an export of one's own ended run; asking again while one is on its way returns that one.

    Raises:
        NotFound: the run is not theirs.
        Rejected: there is no such tracker.
        Conflict: the run has not ended.
    """
    find_tracker(tracker)
    with transaction() as session:
        run = runs.find(session, user_id, run_id)
        if run.job.state not in TERMINAL_STATES:
            raise Conflict("not_ended", f"{run.name!r} has not ended.", "Export it when it has.")
        on_its_way = (
            select(TrackerExport)
            .join(Job, TrackerExport.job_id == Job.id)
            .where(TrackerExport.run_id == run_id, TrackerExport.tracker == tracker, Job.state.in_(ACTIVE_STATES))
        )
        found = session.scalars(on_its_way).first()
        if found is None:
            job = jobs.add(session, owner_id=user_id, kind=TRACKER_EXPORT)
            session.flush()
            found = TrackerExport(id=new_id(), owner_id=user_id, run_id=run_id, job_id=job.id, tracker=tracker)
            session.add(found)
            session.flush()
        told = _as_dict(session, found)
    record(user_id, "export", "run", run_id, data={"tracker": tracker})
    return told


def list_exports(user_id: str, run_id: str) -> dict[str, Any]:
    """``{"trackers": what can be chosen, "exports": the newest of each tracker}`` of one's own run."""
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        query = select(TrackerExport).where(TrackerExport.run_id == run_id).order_by(TrackerExport.created_at)
        newest = {each.tracker: each for each in session.scalars(query)}
        told = [_as_dict(session, each) for each in newest.values()]
    choices = [{"name": each.name, "title": each.title, "summary": each.summary} for each in TRACKERS]
    return {"trackers": choices, "exports": told}


def cancel(user_id: str, export_id: str) -> dict[str, Any]:
    """Stop one that waits or works."""
    with transaction() as session:
        found = _find(session, user_id, export_id)
        jobs.request_cancel(session, session.get_one(Job, found.job_id))
        session.flush()
        return _as_dict(session, found)


def download(user_id: str, export_id: str) -> tuple[str, Iterator[bytes]]:
    """(file name, pieces) of what was written as files.

    Raises:
        NotFound: it is not theirs, or it wrote no files.
    """
    with snapshot() as session:
        found = _find(session, user_id, export_id)
        name = session.get_one(Run, found.run_id).name
    path = _zip(found.id)
    if not path.is_file():
        raise NotFound("no_files", "This export holds no files (any more).", "Export the run again.")
    title = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "run"
    return f"{title}-{found.tracker}.zip", _pieces(path)


def prepare(claim: Claim) -> tuple[Path, str]:
    """Write ``job.json`` into a folder of this attempt's own; returns it and the tracker's name. Used by the worker."""
    with snapshot() as session:
        found = session.scalars(select(TrackerExport).where(TrackerExport.job_id == claim.job_id)).one()
        told = {"tracker": found.tracker, "run": _tracked(session, session.get_one(Run, found.run_id)).as_dict()}
    folder = _folder(claim)
    folder.mkdir(parents=True, exist_ok=True)
    # A run that diverged has values that are no numbers, and trackers show them as such.
    files.write_bytes(folder / "job.json", json.dumps(told, ensure_ascii=False).encode())
    return folder, found.tracker


def store_results(claim: Claim, results: dict[str, Any]) -> None:
    """Keep what was written and end the job; an earlier export of the same run to the same tracker goes."""
    with jobs.held(claim) as session:
        found = session.scalars(select(TrackerExport).where(TrackerExport.job_id == claim.job_id)).one()
        written = _folder(claim) / "export.zip"
        if written.exists():
            _zip(found.id).parent.mkdir(parents=True, exist_ok=True)
            written.replace(_zip(found.id))
        found.address, found.bytes = results["address"], results["bytes"]
        earlier = select(TrackerExport).where(
            TrackerExport.run_id == found.run_id, TrackerExport.tracker == found.tracker, TrackerExport.id != found.id
        )
        replaced = list(session.scalars(earlier))
        for each in replaced:
            session.delete(each)
        jobs.succeed(session, claim)
    for each in replaced:
        _zip(each.id).unlink(missing_ok=True)
    shutil.rmtree(_folder(claim), ignore_errors=True)


def _tracked(session: Session, run: Run) -> TrackedRun:
    query = select(MetricPoint.key, MetricPoint.step, MetricPoint.value, MetricPoint.at)
    points = session.execute(query.where(MetricPoint.run_id == run.id).order_by(MetricPoint.step, MetricPoint.key))
    results = (run.results or {}).get("metrics") or {}
    return TrackedRun(
        id=run.id,
        name=run.name,
        project=session.get_one(Project, run.project_id).name,
        started_at=run.job.started_at or run.created_at,
        ended_at=run.job.finished_at or run.created_at,
        succeeded=run.job.state == SUCCEEDED,
        settings=_flat(run.spec),
        results={key: float(value) for key, value in results.items() if isinstance(value, int | float)},
        points=[(key, step, value, at) for key, step, value, at in points],
    )


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings under names with dots; lists as one line of text."""
    if isinstance(value, dict):
        return {key: each for name, inner in value.items() for key, each in _flat(inner, f"{prefix}{name}.").items()}
    if isinstance(value, list):
        value = ", ".join(str(each) for each in value)
    return {prefix.rstrip("."): value}


def _find(session: Session, user_id: str, export_id: str) -> TrackerExport:
    found = session.get(TrackerExport, export_id)
    if found is None or found.owner_id != user_id:
        raise NotFound("export_not_found", f"There is no export {export_id!r} among yours.", "Reload the page.")
    return found


def _as_dict(session: Session, found: TrackerExport) -> dict[str, Any]:
    job = session.get_one(Job, found.job_id)
    tracker = find_tracker(found.tracker)
    return {
        "id": found.id,
        "run_id": found.run_id,
        "tracker": found.tracker,
        "title": tracker.title,
        "created_at": found.created_at,
        "state": job.state,
        "error": (job.error or {}).get("error"),
        "address": found.address,
        "bytes": found.bytes,
        "after": tracker.after if found.bytes else "",
    }


def _folder(claim: Claim) -> Path:
    return storage.data_dir() / "exports" / f"{claim.job_id}-{claim.fence}"


def _zip(export_id: str) -> Path:
    return storage.data_dir() / "exports" / f"{export_id}.zip"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece
