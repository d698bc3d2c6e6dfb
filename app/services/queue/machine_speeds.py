"""The machine that will train a run, the memory that is free there, and its measured speed."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.db import db_now, snapshot, transaction
from app.models_costs import MachineSpeed
from app.services.queue import machine, workers
from app.services.queue.machine import MachineFacts
from app.settings import get_settings

# Maximum age in seconds of what is known about the GPUs.
GPU_SECONDS = 15.0


@dataclass(frozen=True)
class TrainingMachine:
    """What trains a run: its device by name, and the bytes of memory that are free for it now."""

    name: str
    gpu: bool
    available_bytes: int


@dataclass(frozen=True)
class MeasuredSpeed:
    """Seconds that the fixed pieces of work of ``worker.speed_probe`` took on a machine."""

    measured_at: float
    seconds: Mapping[str, float]


def training_machine(*, here: bool = False) -> TrainingMachine:
    """The machine that trains.

    Args:
        here: this process's own machine; otherwise that of a live worker, if there is one.
    """
    facts = None if here else _machine_of_a_worker()
    facts = facts or machine.describe(GPU_SECONDS)
    if facts.gpus:
        return TrainingMachine(facts.device, True, facts.gpus[0].free_bytes)
    free, limit = facts.free_memory_bytes, get_settings().trainer_memory_bytes
    return TrainingMachine(facts.device, False, min(free, limit) if limit else free)


def speed_of(name: str) -> MeasuredSpeed | None:
    """The measured speed of a machine, or None before it was measured."""
    with snapshot() as session:
        found = session.get(MachineSpeed, name)
        return MeasuredSpeed(found.measured_at, dict(found.seconds)) if found else None


def store_speed(name: str, seconds: dict[str, float]) -> None:
    """Store what a worker measured; a second measurement replaces the first."""
    with transaction() as session:
        found = session.get(MachineSpeed, name)
        if found is None:
            session.add(MachineSpeed(machine=name, seconds=seconds))
        else:
            found.seconds, found.measured_at = seconds, db_now()


def _machine_of_a_worker() -> MachineFacts | None:
    reported = (MachineFacts.from_dict(worker.machine) for worker in workers.list_workers() if worker.alive)
    return next((facts for facts in reported if facts), None)
