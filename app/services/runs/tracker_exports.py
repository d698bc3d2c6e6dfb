"""Exports of runs to experiment trackers: queue one, prepare its job file, store its result, list and download exports.

Nothing of a run is read back from a tracker.
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.trackers import TRACKERS, TrackedRun, find_tracker
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.job_kinds import TRACKER_EXPORT
from app.languages import gettext as _
from app.models import ACTIVE_STATES, SUCCEEDED, TERMINAL_STATES, Job, MetricPoint, Project, Run, new_id
from app.models_work import TrackerExport
from app.services.accounts import access
from app.services.accounts.access import TO_CHANGE, TO_LOOK
from app.services.accounts.audit_chain import record
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.services.runs import runs


@dataclass(frozen=True)
class ExportStatus:
    """One export: the state of its job, then the address of the run in the tracker or the bytes of its files.

    ``after``: what to do with the files, in words.
    """

    id: str
    run_id: str
    tracker: str
    title: str
    created_at: float
    state: str
    error: dict[str, Any] | None
    address: str
    bytes: int
    after: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return dict(vars(self))


@dataclass(frozen=True)
class TrackerChoice:
    """A tracker that runs can be exported to."""

    name: str
    title: str
    summary: str


@dataclass(frozen=True)
class ExportOverview:
    """The trackers to choose from, and the newest export to each."""

    trackers: Sequence[TrackerChoice]
    exports: Sequence[ExportStatus]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def start(user_id: str, run_id: str, tracker: str) -> ExportStatus:
    """Queue an export of one's own ended run; while one is active it is returned instead.

    Raises:
        NotFound: the run is not theirs.
        Rejected: there is no such tracker.
        Conflict: the run has not ended.
    """
    find_tracker(tracker)
    with transaction() as session:
        run = runs.find(session, user_id, run_id, TO_CHANGE)
        if run.job.state not in TERMINAL_STATES:
            raise Conflict("not_ended", _("{run} has not ended.", run=repr(run.name)), _("Export it when it has."))
        active = (
            select(TrackerExport)
            .join(Job, TrackerExport.job_id == Job.id)
            .where(TrackerExport.run_id == run_id, TrackerExport.tracker == tracker, Job.state.in_(ACTIVE_STATES))
        )
        found = session.scalars(active).first()
        if found is None:
            job = jobs.add(session, owner_id=user_id, kind=TRACKER_EXPORT)
            session.flush()
            found = TrackerExport(id=new_id(), owner_id=user_id, run_id=run_id, job_id=job.id, tracker=tracker)
            session.add(found)
            session.flush()
        status = _status(session, found)
        record(session, user_id, "export", "run", run_id, data={"tracker": tracker})
    return status


def list_exports(user_id: str, run_id: str) -> ExportOverview:
    """The exports of one's own run.

    Raises:
        NotFound: the run is not theirs.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        query = select(TrackerExport).where(TrackerExport.run_id == run_id).order_by(TrackerExport.created_at)
        newest = {export.tracker: export for export in session.scalars(query)}
        exports = [_status(session, export) for export in newest.values()]
    return ExportOverview([TrackerChoice(known.name, known.title, known.summary) for known in TRACKERS], exports)


def cancel(user_id: str, export_id: str) -> ExportStatus:
    """Stop one that is queued or running."""
    with transaction() as session:
        found = _find(session, user_id, export_id, TO_CHANGE)
        jobs.request_cancel(session, session.get_one(Job, found.job_id))
        session.flush()
        return _status(session, found)


def download(user_id: str, export_id: str) -> tuple[str, Iterator[bytes]]:
    """(file name, pieces) of what was written as files.

    Raises:
        NotFound: it is not theirs, or it wrote no files.
    """
    with snapshot() as session:
        found = _find(session, user_id, export_id)
        name = session.get_one(Run, found.run_id).name
    path = storage.export_file(found.id)
    if not path.is_file():
        raise NotFound("no_files", _("This export holds no files (any more)."), _("Export the run again."))
    title = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "run"
    return f"{title}-{found.tracker}.zip", files.pieces(path)


def prepare(claim: Claim) -> tuple[Path, str]:
    """Write ``job.json`` into a folder of this attempt's own; returns it and the tracker's name. Used by the worker."""
    with snapshot() as session:
        found = session.scalars(select(TrackerExport).where(TrackerExport.job_id == claim.job_id)).one()
        content = {"tracker": found.tracker, "run": _tracked(session, session.get_one(Run, found.run_id)).as_dict()}
    folder = _folder(claim)
    folder.mkdir(parents=True, exist_ok=True)
    # A run that diverged has NaN values, which trackers show; so NaN is allowed here.
    files.write_bytes(folder / "job.json", json.dumps(content, ensure_ascii=False).encode())
    return folder, found.tracker


def store_results(claim: Claim, results: dict[str, Any]) -> None:
    """Store the result and end the job; an earlier export of the same run to the same tracker is deleted."""
    with jobs.held(claim) as session:
        found = session.scalars(select(TrackerExport).where(TrackerExport.job_id == claim.job_id)).one()
        written = _folder(claim) / "export.zip"
        if written.exists():
            storage.export_file(found.id).parent.mkdir(parents=True, exist_ok=True)
            written.replace(storage.export_file(found.id))
        found.address, found.bytes = results["address"], results["bytes"]
        earlier = select(TrackerExport).where(
            TrackerExport.run_id == found.run_id, TrackerExport.tracker == found.tracker, TrackerExport.id != found.id
        )
        replaced = list(session.scalars(earlier))
        for export in replaced:
            session.delete(export)
        jobs.succeed(session, claim)
    for export in replaced:
        storage.export_file(export.id).unlink(missing_ok=True)
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
    """Nested settings with dotted keys; lists as one line of text."""
    if isinstance(value, dict):
        return {key: leaf for name, inner in value.items() for key, leaf in _flat(inner, f"{prefix}{name}.").items()}
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return {prefix.rstrip("."): value}


def _find(session: Session, user_id: str, export_id: str, need: str = TO_LOOK) -> TrackerExport:
    missing = NotFound(
        "export_not_found",
        _("There is no export {export_id} among yours.", export_id=repr(export_id)),
        _("Reload the page."),
    )
    return access.find(session, TrackerExport, export_id, user_id, missing, need=need)


def _status(session: Session, export: TrackerExport) -> ExportStatus:
    job = session.get_one(Job, export.job_id)
    tracker = find_tracker(export.tracker)
    return ExportStatus(
        id=export.id,
        run_id=export.run_id,
        tracker=export.tracker,
        title=tracker.title,
        created_at=export.created_at,
        state=job.state,
        error=(job.error or {}).get("error"),
        address=export.address,
        bytes=export.bytes,
        after=tracker.after if export.bytes else "",
    )


def _folder(claim: Claim) -> Path:
    return storage.data_dir() / "exports" / f"{claim.job_id}-{claim.fence}"
