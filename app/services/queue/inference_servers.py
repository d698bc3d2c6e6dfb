"""The inference servers there are: where each answers, what it does, whether it is wanted. Loads no model, asks no server.

Whoever looks after a server writes its row; the web process reads it to find the server, and writes only that it is wanted.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import delete, select, update

from app.db import db_now, snapshot, transaction
from app.models import CLAIMED, RUNNING, Job
from app.models_work import InferenceServer

# ``resting``: holds nothing, comes when wanted. ``yielded``: the same, but a training has its device.
RESTING, STARTING, READY, YIELDED = "resting", "starting", "ready", "yielded"
HOLDING = (STARTING, READY)

HEARTBEAT_SECONDS = 5.0
# Heard of within this many seconds means alive.
ALIVE_SECONDS = 20.0
SHOWN_SECONDS = 600.0
FORGET_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Server:
    """One server as of now; ``seconds_since`` its last heartbeat, times in the database's seconds."""

    name: str
    host: str
    url: str
    device: str
    state: str
    alive: bool
    started_at: float
    seconds_since: float
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For people: all but the address, which is nobody's business outside."""
        return {key: value for key, value in asdict(self).items() if key != "url"}


def register(name: str, url: str, device: str) -> None:
    """A server of this name can be asked for at ``url``; rows of servers that were silent for a day go."""
    facts = {"url": url, "device": device, "state": RESTING, "heartbeat_at": db_now(), "stopped_at": None}
    with transaction() as session:
        session.execute(delete(InferenceServer).where(InferenceServer.heartbeat_at < db_now() - FORGET_SECONDS))
        session.execute(delete(InferenceServer).where(InferenceServer.name == name))
        # Two cannot listen at one address: whoever was there before is gone.
        before = update(InferenceServer).where(InferenceServer.url == url, InferenceServer.stopped_at.is_(None))
        session.execute(before.values(stopped_at=db_now()))
        session.add(InferenceServer(name=name, host=name.split(":")[0], facts={}, **facts))


def beat(name: str, state: str, facts: dict[str, Any]) -> bool:
    """Say that it is looked after, and what it does; a server that answers is no longer wanted.

    Returns whether its row is there.
    """
    told: dict[str, Any] = {"heartbeat_at": db_now(), "state": state, "facts": facts}
    if state == READY:
        told["wanted_at"] = None
    with transaction() as session:
        row = update(InferenceServer).where(InferenceServer.name == name).values(told)
        return bool(session.execute(row).rowcount)  # type: ignore[attr-defined]


def leave(name: str) -> None:
    """It has stopped in good order."""
    gone = {"stopped_at": db_now(), "state": RESTING, "wanted_at": None}
    with transaction() as session:
        session.execute(update(InferenceServer).where(InferenceServer.name == name).values(gone))


def want(name: str) -> None:
    """Ask a server that rests to come."""
    with transaction() as session:
        session.execute(update(InferenceServer).where(InferenceServer.name == name).values(wanted_at=db_now()))


def is_wanted(name: str) -> bool:
    """Whether somebody has asked for it since it last answered."""
    with snapshot() as session:
        wanted = select(InferenceServer.wanted_at).where(InferenceServer.name == name)
        return session.scalar(wanted) is not None


def is_taken(device: str) -> bool:
    """Whether a job computes on the device, or is about to; a device without a name is never taken."""
    if not device:
        return False
    with snapshot() as session:
        works = select(Job.device).where(Job.device != "", Job.state.in_((CLAIMED, RUNNING)))
        return any(device in used.split(",") for used in session.scalars(works))


def list_servers() -> list[Server]:
    """Those that have not stopped and were heard of in the last ten minutes, the ones that answer first."""
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        known = select(InferenceServer).where(
            InferenceServer.stopped_at.is_(None), InferenceServer.heartbeat_at > db_now() - SHOWN_SECONDS
        )
        rows = list(session.scalars(known))
    found = [
        Server(
            row.name,
            row.host,
            row.url,
            row.device,
            row.state,
            now - row.heartbeat_at < ALIVE_SECONDS,
            row.started_at,
            round(max(0.0, now - row.heartbeat_at), 1),
            row.facts or {},
        )
        for row in rows
    ]
    order = (READY, STARTING, RESTING, YIELDED)
    return sorted(found, key=lambda each: (not each.alive, order.index(each.state), each.started_at))
