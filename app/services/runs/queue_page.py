"""The queue as its page shows it: which worker runs what, the order of waiting runs, why each waits and when it will start.

Other people's runs are listed without names: everybody may see how long the queue is, not what others train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db_now, snapshot
from app.errors import StudioError
from app.languages import decimal, ngettext
from app.languages import gettext as _
from app.models import ACTIVE_STATES, CLAIMED, QUEUED, RUNNING, SUCCEEDED, Job, Run
from app.services.accounts import access
from app.services.accounts.access import TO_CHANGE
from app.services.estimates import estimates
from app.services.estimates.estimates import EstimateRequest
from app.services.queue import inference_servers, queue_order, workers
from app.services.queue.inference_servers import InferenceServerStatus
from app.services.queue.workers import WorkerStatus
from app.settings import get_settings

# The newest finished runs whose ratio of actual to estimated time corrects the start times shown here.
PACE_RUNS = 20
UNKNOWN_SECONDS = 120.0
PRIORITY_NAMES = {number: name for name, number in queue_order.PRIORITIES.items()}


@dataclass(frozen=True)
class QueueRow:
    """One active or waiting run; somebody else's has no id, method or model. Times are seconds of the database's clock.

    ``position``: 1 for the run that starts next, None unless it waits. ``why``: the reason for waiting, for people.
    """

    id: str | None
    name: str
    mine: bool
    method: str | None
    base_model: str | None
    state: str
    phase: str
    progress: dict[str, Any]
    priority: str
    started_at: float | None
    created_at: float
    pausing: bool
    stopping: bool
    devices: int
    position: int | None = None
    why: str = ""
    starts_at: float | None = None
    ends_at: float | None = None
    worker: str | None = None


@dataclass(frozen=True)
class QueueOverview:
    """The whole queue as one person sees it; ``pace`` is the median of actual over estimated time of recent runs."""

    running: Sequence[QueueRow]
    waiting: Sequence[QueueRow]
    paused: Sequence[QueueRow]
    workers: Sequence[WorkerStatus]
    servers: Sequence[InferenceServerStatus]
    now: float
    pace: float

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API; addresses of inference servers are left out."""
        return {**asdict(self), "servers": [server.as_dict() for server in self.servers]}


def describe(user_id: str) -> QueueOverview:
    """The queue now: running runs, waiting runs in their order, and the paused runs that the person may resume."""
    known_workers = workers.list_workers()
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        with_job = select(Run).join(Job, Run.job_id == Job.id)
        active = list(session.scalars(with_job.where(Job.state.in_((CLAIMED, RUNNING)))))
        order = queue_order.line(session)
        queued = {run.job_id: run for run in session.scalars(with_job.where(Job.state == QUEUED))}
        pace = _pace(session)
        shown = _Shown(session, user_id)
    running = [_running_row(shown, run, now, pace) for run in sorted(active, key=lambda run: run.job.started_at or now)]
    line = [queued[row.id] for row in order if row.id in queued]
    schedule = _Schedule(known_workers, {row.worker: row.ends_at or now for row in running}, now, pace)
    paused = [
        replace(_row(shown, run), why=_("Paused; waits until its owner resumes it."))
        for run in sorted(queued.values(), key=lambda run: run.created_at)
        if run.job.paused_at is not None
    ]
    return QueueOverview(
        running=running,
        waiting=[schedule.row(shown, run, number) for number, run in enumerate(line, 1)],
        paused=[row for row in paused if row.mine],
        workers=known_workers,
        servers=inference_servers.list_servers(),
        now=now,
        pace=pace,
    )


class _Shown:
    """Which active runs the reader may see, and which of them they may change; of the others only their place is shown."""

    def __init__(self, session: Session, user_id: str) -> None:
        active = select(Run.id).join(Job, Run.job_id == Job.id).where(Job.state.in_(ACTIVE_STATES))
        self.seen = set(session.scalars(active.where(access.visible(Run, user_id))))
        self.changeable = set(session.scalars(active.where(access.visible(Run, user_id, TO_CHANGE))))


def _row(shown: _Shown, run: Run) -> QueueRow:
    seen = run.id in shown.seen
    return QueueRow(
        id=run.id if seen else None,
        name=run.name if seen else "Somebody else's run",
        mine=run.id in shown.changeable,
        method=run.method if seen else None,
        base_model=run.base_model if seen else None,
        state=run.job.state,
        phase=run.job.phase if seen else "",
        progress=run.job.progress if seen else {},
        priority=PRIORITY_NAMES.get(run.job.priority, "normal"),
        started_at=run.job.started_at,
        created_at=run.created_at,
        pausing=run.job.pause_requested_at is not None,
        stopping=run.job.cancel_requested_at is not None,
        devices=run.job.devices,
    )


def _running_row(shown: _Shown, run: Run, now: float, pace: float) -> QueueRow:
    remaining = run.job.progress.get("eta_seconds")
    if remaining is None:
        remaining = max(5.0, _seconds(run) * pace - (now - (run.job.started_at or now)))
    return replace(_row(shown, run), ends_at=now + remaining, worker=run.job.holder)


class _Schedule:
    """Simulates the queue: each waiting run starts when the first worker that may take it becomes free."""

    def __init__(
        self, known: Sequence[WorkerStatus], busy_until: Mapping[str | None, float], now: float, pace: float
    ) -> None:
        self._known, self._now, self._pace = known, now, pace
        self._usable = [worker for worker in known if worker.alive and not worker.barred]
        self._busy = frozenset(worker.name for worker in self._usable if worker.name in busy_until)
        self._free_at = {worker.name: busy_until.get(worker.name, now) for worker in self._usable}

    def row(self, shown: _Shown, run: Run, position: int) -> QueueRow:
        """The next waiting run with its reason and expected times; call in the order of the queue."""
        able = [worker.name for worker in self._usable if worker.capacity.takes(run.job.devices)]
        row = replace(_row(shown, run), position=position, why=self._why(run, position, able))
        if not able:
            return row
        first = min(able, key=lambda name: self._free_at[name])
        starts_at = max(self._free_at[first], run.job.not_before)
        self._free_at[first] = starts_at + _seconds(run) * self._pace
        return replace(row, starts_at=starts_at, ends_at=self._free_at[first])

    def _why(self, run: Run, position: int, able: Sequence[str]) -> str:
        devices, ahead = run.job.devices, position - 1
        if not self._known:
            return _("No worker is running. Start one, or ask the administrator of this studio.")
        if not self._usable:
            return _("No worker is fit for work: the only ones there do not answer, or their device has failed.")
        if not able:
            return _("It asks for {devices} devices at once, and no worker here has so many.", devices=devices)
        needed = get_settings().free_disk_bytes
        if all(worker.machine.get("free_disk_bytes", 1) < needed for worker in self._usable):
            return _("The disk is nearly full; work goes on when there is room.")
        if run.job.not_before > self._now:
            return _(
                "It stopped unexpectedly and is tried again in {not_before} s.",
                not_before=decimal(run.job.not_before - self._now, grouped=False),
            )
        free = [name for name in able if name not in self._busy]
        if position <= len(free):
            return _("A worker is free and takes it in a moment.")
        ahead_words = ngettext("{number} run is ahead", "{number} runs are ahead", ahead) if ahead else _("it is next")
        if free:
            return f"{ahead_words[0].upper()}{ahead_words[1:]}."
        who = _("All workers with {devices} devices", devices=devices) if devices > 1 else _("All workers")
        return (
            _("{who} are busy, and {ahead_words}.", who=who, ahead_words=ahead_words)
            if ahead
            else _("{who} are busy; it is next.", who=who)
        )


def _pace(session: Session) -> float:
    """Median ratio of actual to estimated time of the newest finished runs; 1 without any."""
    newest = select(Run).join(Job, Run.job_id == Job.id).where(Job.state == SUCCEEDED, Run.results.is_not(None))
    ratios = []
    for run in session.scalars(newest.order_by(Job.finished_at.desc()).limit(PACE_RUNS)):
        seconds = ((run.results or {}).get("seconds") or {}).get("total")
        if seconds:
            ratios.append(seconds / max(1.0, _seconds(run)))
    return median(ratios) if ratios else 1.0


def _seconds(run: Run) -> float:
    """Middle of the estimated seconds of this run."""
    spec, version = run.spec, run.dataset_version
    request = EstimateRequest(
        base_model=run.base_model,
        method=spec["method"],
        training=spec["training"],
        rows=max(1, int(version.split_sizes.get("train", version.usable_rows))),
        labels=max(2, len(spec.get("labels", ()))),
        task_type=run.task_type,
    )
    try:
        return sum(estimates.estimate(request).seconds) / 2
    except StudioError:
        return UNKNOWN_SECONDS
