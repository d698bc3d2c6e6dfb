"""Which worker a run goes to: how many devices each has to offer, how much memory they have, and what a run wants.

A worker computes on the GPUs that it sees (``CUDA_VISIBLE_DEVICES``), or on the processor, which may be shared out among
several processes. Changes nothing; loads no torch.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db_now, snapshot
from app.errors import Rejected
from app.models_work import Worker
from app.services.queue import machine
from app.settings import get_settings

# A worker that was heard of within this many seconds counts.
ALIVE_SECONDS = 20.0
# A processor may be shared out even where it has a single core.
LEAST_SHARES = 2


@dataclass(frozen=True)
class WorkerCapacity:
    """What one worker has: ``devices`` of at least ``device_bytes`` memory each; it takes no run that asks for fewer than
    ``least``. ``names`` are the driver's ids, none for a processor."""

    devices: int
    device_bytes: int
    least: int = 1
    names: tuple[str, ...] = ()

    def takes(self, devices: int) -> bool:
        """Whether a run that asks for so many devices may come here at all."""
        return self.least <= devices <= self.devices

    def as_dict(self) -> dict[str, Any]:
        """For the heartbeat."""
        return asdict(self)


def own_capacity() -> WorkerCapacity:
    """What the worker in this process has."""
    return _offer(os.environ.get("CUDA_VISIBLE_DEVICES"), get_settings().least_devices)


def capacity_of(facts: Mapping[str, Any]) -> WorkerCapacity:
    """What a heartbeat's ``machine`` says; workers of an older release offer one device."""
    told = facts.get("offer") or {"devices": 1, "device_bytes": 0}
    return WorkerCapacity(told["devices"], told["device_bytes"], told.get("least", 1), tuple(told.get("names", ())))


def others(session: Session) -> list[WorkerCapacity]:
    """What the workers offer that are alive and fit, this one among them."""
    heard = Worker.heartbeat_at > db_now() - ALIVE_SECONDS
    fit = Worker.barred_until.is_(None) | (Worker.barred_until < db_now())
    found = session.scalars(select(Worker.machine).where(heard, fit, Worker.stopped_at.is_(None)))
    return [capacity_of(each) for each in found]


def suits(devices: int, memory_bytes: int, mine: WorkerCapacity, all_offers: Sequence[WorkerCapacity]) -> bool:
    """Whether a run should be taken by the worker that offers ``mine``.

    A run that is too large for its devices is left to a worker with larger ones; where there is none, anybody may try it.
    """
    if not mine.takes(devices):
        return False
    if _holds(mine, memory_bytes):
        return True
    return not any(each.takes(devices) and _holds(each, memory_bytes) for each in all_offers)


def check_devices(wanted: int) -> None:
    """Refuse a run that asks for more devices than any worker has; without workers this machine counts.

    Raises:
        Rejected: with the most there is.
    """
    if wanted == 1:
        return
    with snapshot() as session:
        known = others(session) or [own_capacity()]
    most = max(each.devices for each in known)
    if wanted > most:
        told = f"{wanted} devices are asked for, and no worker here has more than {most}."
        raise Rejected(
            "range", told, f"Choose at most {most}.", details={"fields": {"training.devices": f"at most {most}"}}
        )


def _holds(offer: WorkerCapacity, memory_bytes: int) -> bool:
    return not offer.device_bytes or memory_bytes <= offer.device_bytes


@lru_cache(maxsize=4)
def _offer(visible: str | None, least: int) -> WorkerCapacity:
    # GPUs are not plugged in while the studio runs, so the driver is asked once.
    facts, ids = machine.describe(3600.0), machine.gpu_ids()
    chosen = _chosen(visible, ids, len(facts["gpus"]))
    if not chosen:
        return WorkerCapacity(max(LEAST_SHARES, len(os.sched_getaffinity(0))), facts["memory_bytes"], least)
    names = tuple(ids[number] if number < len(ids) else str(number) for number in chosen)
    return WorkerCapacity(len(chosen), min(facts["gpus"][number]["total_bytes"] for number in chosen), least, names)


def _chosen(visible: str | None, ids: Sequence[str], count: int) -> list[int]:
    """Numbers of the GPUs that a process with this ``CUDA_VISIBLE_DEVICES`` sees, in its order; like the driver, it stops at
    the first that does not exist."""
    if visible is None:
        return list(range(count))
    chosen = []
    for word in (each.strip() for each in visible.split(",")):
        number = (
            int(word)
            if word.isdigit()
            else next((at for at, known in enumerate(ids) if word and known.startswith(word)), -1)
        )
        if not 0 <= number < count:
            break
        chosen.append(number)
    return chosen
