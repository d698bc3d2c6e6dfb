"""Placement of runs on workers: how many devices each worker has, with how much memory, and what a run asks for.

A worker computes on the GPUs that it sees (``CUDA_VISIBLE_DEVICES``), or on the processor, which several processes may share.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db_now, snapshot
from app.errors import Rejected
from app.languages import gettext as _
from app.models_work import Worker
from app.queue import TRAIN_QUEUE
from app.services.queue import machine
from app.settings import get_settings

# A worker is alive if its last heartbeat is at most so many seconds old.
ALIVE_SECONDS = 20.0
# Runs on several devices are possible even on a processor with a single core.
MIN_PROCESSOR_SHARES = 2


@dataclass(frozen=True)
class WorkerCapacity:
    """What one worker has: ``devices`` of at least ``device_bytes`` memory each; it takes no run that asks for fewer than
    ``min_devices``. ``names`` are the driver's ids, none for a processor."""

    devices: int
    device_bytes: int
    min_devices: int = 1
    names: tuple[str, ...] = ()

    def takes(self, devices: int) -> bool:
        """Whether the worker takes runs that ask for so many devices."""
        return self.min_devices <= devices <= self.devices

    def holds(self, memory_bytes: int) -> bool:
        """Whether a run of this size fits on each device; true if the memory of the devices is not known."""
        return not self.device_bytes or memory_bytes <= self.device_bytes

    def as_dict(self) -> dict[str, Any]:
        """For the heartbeat."""
        return {
            "devices": self.devices,
            "device_bytes": self.device_bytes,
            "least": self.min_devices,
            "names": self.names,
        }


def own_capacity() -> WorkerCapacity:
    """What the worker in this process has."""
    return _capacity(get_settings().cuda_visible_devices, get_settings().least_devices)


def capacity_of(facts: Mapping[str, Any]) -> WorkerCapacity:
    """What a heartbeat's ``machine`` says; workers of an older release offer one device."""
    offer = facts.get("offer") or {"devices": 1, "device_bytes": 0}
    return WorkerCapacity(offer["devices"], offer["device_bytes"], offer.get("least", 1), tuple(offer.get("names", ())))


def queue_of(facts: Mapping[str, Any]) -> str:
    """The queue that a worker serves, by its heartbeat's ``machine``."""
    return str(facts.get("queue", TRAIN_QUEUE))


def live_capacities(session: Session) -> list[WorkerCapacity]:
    """What all training workers offer that are alive and not barred."""
    alive = Worker.heartbeat_at > db_now() - ALIVE_SECONDS
    usable = Worker.barred_until.is_(None) | (Worker.barred_until < db_now())
    machines = session.scalars(select(Worker.machine).where(alive, usable, Worker.stopped_at.is_(None)))
    return [capacity_of(facts) for facts in machines if queue_of(facts) == TRAIN_QUEUE]


def suits(devices: int, memory_bytes: int, own: WorkerCapacity, all_capacities: Sequence[WorkerCapacity]) -> bool:
    """Whether a run should be taken by the worker with the capacity ``own``.

    A run that is too large for its devices is left to a worker with larger ones; if there is none, any worker may try it.
    """
    if not own.takes(devices):
        return False
    if own.holds(memory_bytes):
        return True
    return not any(capacity.takes(devices) and capacity.holds(memory_bytes) for capacity in all_capacities)


def check_devices(requested: int) -> None:
    """Refuse a run that asks for more devices than any worker has; without workers this machine counts.

    Raises:
        Rejected: with the maximum.
    """
    if requested == 1:
        return
    with snapshot() as session:
        known = live_capacities(session) or [own_capacity()]
    maximum = max(capacity.devices for capacity in known)
    if requested > maximum:
        raise Rejected(
            "range",
            _(
                "{requested} devices are asked for, and no worker here has more than {maximum}.",
                requested=requested,
                maximum=maximum,
            ),
            _("Choose at most {maximum}.", maximum=maximum),
            details={"fields": {"training.devices": _("at most {maximum}", maximum=maximum)}},
        )


@lru_cache(maxsize=4)
def _capacity(visible: str | None, min_devices: int) -> WorkerCapacity:
    # GPUs do not change while the studio runs, so the driver is asked once.
    facts, ids = machine.describe(3600.0), machine.gpu_ids()
    indices = _visible_indices(visible, ids, len(facts.gpus))
    if not indices:
        shares = max(MIN_PROCESSOR_SHARES, len(os.sched_getaffinity(0)))
        return WorkerCapacity(shares, facts.memory_bytes, min_devices)
    names = tuple(ids[index] if index < len(ids) else str(index) for index in indices)
    device_bytes = min(facts.gpus[index].total_bytes for index in indices)
    return WorkerCapacity(len(indices), device_bytes, min_devices, names)


def _visible_indices(visible: str | None, ids: Sequence[str], count: int) -> list[int]:
    """Indices of the GPUs that a process with this ``CUDA_VISIBLE_DEVICES`` sees, in its order; like the driver, it stops at
    the first that does not exist."""
    if visible is None:
        return list(range(count))
    indices = []
    for word in (part.strip() for part in visible.split(",")):
        index = int(word) if word.isdigit() else _index_of(word, ids)
        if not 0 <= index < count:
            break
        indices.append(index)
    return indices


def _index_of(prefix: str, ids: Sequence[str]) -> int:
    return next((index for index, known in enumerate(ids) if prefix and known.startswith(prefix)), -1)
