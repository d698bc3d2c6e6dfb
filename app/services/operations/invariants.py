"""What must hold at every moment, whatever was killed: I1 to I7, checked over the whole database and its files.

Used by the fault tests and by `studio restore`. Reads only.

    I1  nothing belongs to a hold that the job has never had          I2  nothing was written by a hold that was overtaken
    I3  what has ended says how and when, and holds no lease          I4  what has not ended has a lease or can be claimed soon
    I5  no job was tried more often than allowed                      I6  one value per run, metric and step
    I7  every listed file is there and matches its hash
"""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import manifest, storage
from app.db import db_now, snapshot
from app.errors import Rejected
from app.models import (
    ACTIVE_STATES,
    FAILED,
    QUEUED,
    SUCCEEDED,
    TERMINAL_STATES,
    Artifact,
    Checkpoint,
    Event,
    Job,
    MetricPoint,
    Run,
)
from app.settings import get_settings

# A waiting job may have to wait this long before its next try.
SOON_SECONDS = 60.0


def violations() -> list[str]:
    """One sentence for each thing that does not hold, beginning with its invariant's name; empty when all is well."""
    with snapshot() as session:
        found = [*_holds(session), *_ends(session), *_leases(session), *_points(session)]
        listed = [
            *((row.path, row.sha256) for row in session.scalars(select(Checkpoint))),
            *((row.path, row.sha256) for row in session.scalars(select(Artifact))),
        ]
    return [*found, *_files(listed)]


def _holds(session: Session) -> Iterator[str]:
    """I1 and I2: the fence in the name of whatever was written never falls and never passes the job's own."""
    runs = session.execute(select(Run.id, Job.fence).join(Job, Run.job_id == Job.id)).all()
    fences: dict[str, int] = {row.id: row.fence for row in runs}
    newest: dict[str, int] = {}
    for run_id, source in session.execute(select(Event.run_id, Event.source).order_by(Event.seq)):
        fence = _fence(source)
        if fence > fences.get(run_id, 0):
            yield f"I1 run {run_id}: an event of hold {fence}, but the job has only reached {fences.get(run_id)}"
        if fence < newest.get(run_id, 0):
            yield f"I2 run {run_id}: an event of hold {fence} came after one of hold {newest[run_id]}"
        newest[run_id] = max(fence, newest.get(run_id, 0))
    for row in session.scalars(select(Checkpoint)):
        if row.fence > fences[row.run_id] or f"/attempt-{row.fence}/" not in row.path:
            yield f"I1 run {row.run_id}: checkpoint {row.path} is not of hold {row.fence} of {fences[row.run_id]}"
    for adapter in session.scalars(select(Artifact).where(Artifact.kind == "adapter")):
        if f"/attempt-{fences[adapter.run_id]}/" not in adapter.path and _ended(session, adapter.run_id):
            yield f"I1 run {adapter.run_id}: the adapter {adapter.path} is not of the last hold {fences[adapter.run_id]}"


def _ended(session: Session, run_id: str) -> bool:
    return session.scalar(select(Job.state).join(Run, Run.job_id == Job.id).where(Run.id == run_id)) == SUCCEEDED


def _ends(session: Session) -> Iterator[str]:
    """I3, as far as one look can tell: an end has a time, a failure a reason, a success its results."""
    for job in session.scalars(select(Job).where(Job.state.in_(TERMINAL_STATES))):
        if job.finished_at is None:
            yield f"I3 job {job.id}: {job.state} without a time"
        if job.state == FAILED and not (job.error or {}).get("error", {}).get("message"):
            yield f"I3 job {job.id}: failed without a reason"
    unfinished = select(Run.id).join(Job, Run.job_id == Job.id).where(Job.state == SUCCEEDED, Run.results.is_(None))
    yield from (f"I3 run {run_id}: succeeded without results" for run_id in session.scalars(unfinished))
    unknown = select(Job.id).where(Job.state.not_in((*ACTIVE_STATES, *TERMINAL_STATES)))
    yield from (f"I3 job {job_id}: in no known state" for job_id in session.scalars(unknown))


def _leases(session: Session) -> Iterator[str]:
    """I4 and I5."""
    now = session.scalar(select(db_now())) or 0.0
    for job in session.scalars(select(Job).where(Job.state.in_(ACTIVE_STATES))):
        if job.state != QUEUED and (
            job.lease_until is None or job.lease_until > now + get_settings().lease_seconds + 1
        ):
            yield f"I4 job {job.id}: {job.state} with a lease until {job.lease_until}, now is {now}"
        if job.state == QUEUED and job.paused_at is None and job.not_before > now + SOON_SECONDS:
            yield f"I4 job {job.id}: cannot be claimed for another {job.not_before - now:.0f} s"
    for job in session.scalars(select(Job).where(Job.attempt > Job.max_attempts)):
        yield f"I5 job {job.id}: tried {job.attempt} times, allowed are {job.max_attempts}"


def _points(session: Session) -> Iterator[str]:
    """I6."""
    key = (MetricPoint.run_id, MetricPoint.key, MetricPoint.step)
    for run_id, name, step, count in session.execute(
        select(*key, func.count()).group_by(*key).having(func.count() > 1)
    ):
        yield f"I6 run {run_id}: {count} values of {name} at step {step}"


def _files(listed: list[tuple[str, str]]) -> Iterator[str]:
    """I7."""
    for path, sha256 in listed:
        try:
            place = storage.recorded_path(path)
        except Rejected:
            yield f"I7 {path}: points out of the data folder"
            continue
        if place.is_file():
            if manifest.sha256_of(place) != sha256:
                yield f"I7 {path}: the file has changed"
        elif not manifest.holds(place):
            yield f"I7 {path}: missing, incomplete or changed"
        elif manifest.sha256_of(place / manifest.NAME) != sha256:
            yield f"I7 {path}: another folder than the one that was recorded"


def _fence(source: str) -> int:
    number = source.split("-")[1] if source.startswith("attempt-") else "0"
    return int(number) if number.isdigit() else 0
