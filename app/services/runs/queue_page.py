"""The queue as its page shows it: who works on what, whose turn comes when and why not yet; and steering one's own runs.

Other people's runs are shown without names: how long one waits is everybody's business, what others tune is not.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db_now, snapshot
from app.errors import StudioError
from app.models import CLAIMED, QUEUED, RUNNING, SUCCEEDED, Job, Run
from app.services.estimates import estimates
from app.services.queue import inference_servers, placement, queue_order, workers
from app.settings import get_settings

# Finished runs from which the estimate's error on these machines is learned.
LEARN_FROM = 20
UNKNOWN_SECONDS = 120.0
WORDS = {number: word for word, number in queue_order.PRIORITIES.items()}


def describe(user_id: str) -> dict[str, Any]:
    """The whole queue as one person sees it.

    Returns:
        ``{"running": [row], "waiting": [row], "paused": [row], "workers": [...], "servers": [...], "now": seconds,
        "pace": factor}``; a row is
        ``{"id", "name", "mine", "method", "base_model", "state", "phase", "progress", "position", "why", "priority",
        "starts_at", "ends_at", "started_at", "created_at", "worker", "devices"}``, times in the database's seconds, null if unknown.
    """
    machines = workers.list_workers()
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        active = list(
            session.scalars(select(Run).join(Job, Run.job_id == Job.id).where(Job.state.in_((CLAIMED, RUNNING))))
        )
        order = queue_order.line(session)
        queued = {
            run.job_id: run
            for run in session.scalars(select(Run).join(Job, Run.job_id == Job.id).where(Job.state == QUEUED))
        }
        pace = _pace(session)
    working = [_working(user_id, run, now, pace) for run in sorted(active, key=lambda run: run.job.started_at or now)]
    waiting = _waiting(user_id, [queued[row.id] for row in order if row.id in queued], working, machines, now, pace)
    paused = [
        {**_row(user_id, run), "position": None, "why": "Paused; it goes on when its person says so."}
        for run in sorted(queued.values(), key=lambda run: run.created_at)
        if run.job.paused_at is not None
    ]
    return {
        "running": working,
        "waiting": waiting,
        "paused": [row for row in paused if row["mine"]],
        "workers": machines,
        "servers": [each.as_dict() for each in inference_servers.list_servers()],
        "now": now,
        "pace": pace,
    }


def _row(user_id: str, run: Run) -> dict[str, Any]:
    mine = run.owner_id == user_id
    return {
        "id": run.id if mine else None,
        "name": run.name if mine else "Somebody else's run",
        "mine": mine,
        "method": run.method if mine else None,
        "base_model": run.base_model if mine else None,
        "state": run.job.state,
        "phase": run.job.phase if mine else "",
        "progress": run.job.progress if mine else {},
        "position": None,
        "why": "",
        "priority": WORDS.get(run.job.priority, "normal"),
        "starts_at": None,
        "ends_at": None,
        "started_at": run.job.started_at,
        "created_at": run.created_at,
        "worker": None,
        "pausing": run.job.pause_requested_at is not None,
        "stopping": run.job.cancel_requested_at is not None,
        "devices": run.job.devices,
    }


def _working(user_id: str, run: Run, now: float, pace: float) -> dict[str, Any]:
    left = run.job.progress.get("eta_seconds")
    if left is None:
        left = max(5.0, _seconds(run) * pace - (now - (run.job.started_at or now)))
    return {**_row(user_id, run), "ends_at": now + left, "worker": run.job.holder}


def _waiting(
    user_id: str,
    line: Sequence[Run],
    working: list[dict[str, Any]],
    machines: list[dict[str, Any]],
    now: float,
    pace: float,
) -> list[dict[str, Any]]:
    """Walk along the line as the workers will: each run starts when the first worker that may take it becomes free."""
    fit = [each for each in machines if each["alive"] and not each["barred"]]
    busy_until = {row["worker"]: row["ends_at"] for row in working}
    free_at = {each["name"]: busy_until.get(each["name"], now) for each in fit}
    rows = []
    for number, run in enumerate(line, 1):
        row = {**_row(user_id, run), "position": number}
        able = [each["name"] for each in fit if placement.capacity_of(each["machine"]).takes(run.job.devices)]
        why = _why(run, number, fit, machines, [name for name in able if name not in busy_until], able, now)
        if able:
            first = min(able, key=lambda name: free_at[name])
            row["starts_at"] = max(free_at[first], run.job.not_before)
            row["ends_at"] = free_at[first] = row["starts_at"] + _seconds(run) * pace
        rows.append({**row, "why": why})
    return rows


def _why(
    run: Run,
    number: int,
    fit: list[dict[str, Any]],
    machines: list[dict[str, Any]],
    free: list[str],
    able: list[str],
    now: float,
) -> str:
    devices, ahead = run.job.devices, number - 1
    if not machines:
        return "No worker is running. Start one, or ask whoever runs this studio."
    if not fit:
        return "No worker is fit for work: the only ones there do not answer, or their device has failed."
    if not able:
        return f"It asks for {devices} devices at once, and no worker here has so many."
    if all(each["machine"].get("free_disk_bytes", 1) < get_settings().free_disk_bytes for each in fit):
        return "The disk is nearly full; work goes on when there is room."
    if run.job.not_before > now:
        return f"It stopped unexpectedly and is tried again in {run.job.not_before - now:.0f} s."
    if number <= len(free):
        return "A worker is free and takes it in a moment."
    ahead_words = f"{ahead} {'run is' if ahead == 1 else 'runs are'} ahead" if ahead else "it is next"
    if free:
        return f"{ahead_words.capitalize()}."
    who = f"All workers with {devices} devices" if devices > 1 else "All workers"
    return f"{who} are busy, and {ahead_words}." if ahead else f"{who} are busy; it is next."


def _pace(session: Session) -> float:
    """How many times the middle of the estimate the newest finished runs really took."""
    newest = select(Run).join(Job, Run.job_id == Job.id).where(Job.state == SUCCEEDED, Run.results.is_not(None))
    ratios = []
    for run in session.scalars(newest.order_by(Job.finished_at.desc()).limit(LEARN_FROM)):
        took = ((run.results or {}).get("seconds") or {}).get("total")
        if took:
            ratios.append(took / max(1.0, _seconds(run)))
    return median(ratios) if ratios else 1.0


def _seconds(run: Run) -> float:
    """The middle of the estimate for this run, before what these machines taught."""
    spec, version = run.spec, run.dataset_version
    try:
        told = estimates.estimate(
            base_model=run.base_model,
            method=spec["method"],
            training=spec["training"],
            rows=max(1, int(version.split_sizes.get("train", version.usable_rows))),
            labels=max(2, len(spec.get("labels", ()))),
        )
    except StudioError:
        return UNKNOWN_SECONDS
    return float(sum(told["seconds"]) / 2)
