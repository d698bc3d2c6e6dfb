"""Registered inference servers: their address, state and heartbeat, and requests to start one.

The supervisor of a server writes its row; the web process reads the address from it and stores only that the server is
requested.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import delete, select, update

from app.db import db_now, snapshot, transaction
from app.models import CLAIMED, RUNNING, Job
from app.models_work import InferenceServer

# ``resting``: not running, started on request. ``yielded``: the same, while a training uses its device.
RESTING, STARTING, READY, YIELDED = "resting", "starting", "ready", "yielded"
HOLDING = (STARTING, READY)

HEARTBEAT_SECONDS = 5.0
# A server is alive if its last heartbeat is at most so many seconds old.
ALIVE_SECONDS = 20.0
SHOWN_SECONDS = 600.0
FORGET_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class InferenceServerStatus:
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
        """The JSON of the REST API; the address is internal and left out."""
        return {key: value for key, value in asdict(self).items() if key != "url"}


def register(name: str, url: str, device: str) -> None:
    """Register a server that answers at ``url``; deletes rows of servers that were silent for a day."""
    facts = {"url": url, "device": device, "state": RESTING, "heartbeat_at": db_now(), "stopped_at": None}
    with transaction() as session:
        session.execute(delete(InferenceServer).where(InferenceServer.heartbeat_at < db_now() - FORGET_SECONDS))
        session.execute(delete(InferenceServer).where(InferenceServer.name == name))
        # Two cannot listen at one address: an earlier server at this one has ended.
        earlier = update(InferenceServer).where(InferenceServer.url == url, InferenceServer.stopped_at.is_(None))
        session.execute(earlier.values(stopped_at=db_now()))
        session.add(InferenceServer(name=name, host=name.split(":")[0], facts={}, **facts))


def beat(name: str, state: str, facts: dict[str, Any]) -> bool:
    """Record a heartbeat with state and facts; a request is fulfilled once the server is ready.

    Returns whether the server is registered.
    """
    values: dict[str, Any] = {"heartbeat_at": db_now(), "state": state, "facts": facts}
    if state == READY:
        values["wanted_at"] = None
    with transaction() as session:
        row = update(InferenceServer).where(InferenceServer.name == name).values(values)
        return bool(session.execute(row).rowcount)  # type: ignore[attr-defined]


def leave(name: str) -> None:
    """Record that the server has stopped in good order."""
    stopped = {"stopped_at": db_now(), "state": RESTING, "wanted_at": None}
    with transaction() as session:
        session.execute(update(InferenceServer).where(InferenceServer.name == name).values(stopped))


def want(name: str) -> None:
    """Request the start of a resting server."""
    with transaction() as session:
        session.execute(update(InferenceServer).where(InferenceServer.name == name).values(wanted_at=db_now()))


def is_wanted(name: str) -> bool:
    """Whether a start was requested since the server was last ready."""
    with snapshot() as session:
        wanted = select(InferenceServer.wanted_at).where(InferenceServer.name == name)
        return session.scalar(wanted) is not None


def is_taken(device: str) -> bool:
    """Whether an active job uses the device; a device without a name is never taken."""
    if not device:
        return False
    with snapshot() as session:
        active = select(Job.device).where(Job.device != "", Job.state.in_((CLAIMED, RUNNING)))
        return any(device in used.split(",") for used in session.scalars(active))


def list_servers() -> list[InferenceServerStatus]:
    """Servers that have not stopped, with a heartbeat in the last ten minutes; those that are ready first."""
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        known = select(InferenceServer).where(
            InferenceServer.stopped_at.is_(None), InferenceServer.heartbeat_at > db_now() - SHOWN_SECONDS
        )
        rows = list(session.scalars(known))
    servers = [
        InferenceServerStatus(
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
    return sorted(servers, key=lambda server: (not server.alive, order.index(server.state), server.started_at))
