"""Which machine a run will have, what is free there, and how fast it was measured to be. Loads no torch."""

from typing import Any

from app.db import db_now, snapshot, transaction
from app.models_costs import MachineSpeed
from app.services.queue import machine, workers
from app.settings import get_settings

# How old what is said about a GPU may be.
GPU_SECONDS = 15.0


def room(*, here: bool = False) -> dict[str, Any]:
    """``{"machine", "gpu": bool, "available_bytes"}``: what trains, and the memory that is free for a run now.

    Args:
        here: this process's own machine; otherwise that of a worker that is alive, if there is one.
    """
    facts = None if here else next((each["machine"] for each in workers.list_workers() if _known(each)), None)
    facts = facts or machine.describe(GPU_SECONDS)
    if facts["gpus"]:
        return {"machine": facts["device"], "gpu": True, "available_bytes": facts["gpus"][0]["free_bytes"]}
    free, limit = facts["free_memory_bytes"], get_settings().trainer_memory_bytes
    return {"machine": facts["device"], "gpu": False, "available_bytes": min(free, limit) if limit else free}


def speed_of(name: str) -> dict[str, Any] | None:
    """``{"measured_at", "seconds"}`` of a machine, or None before it was measured."""
    with snapshot() as session:
        found = session.get(MachineSpeed, name)
        return {"measured_at": found.measured_at, "seconds": dict(found.seconds)} if found else None


def note_speed(name: str, seconds: dict[str, float]) -> None:
    """Store what a worker measured; a second measurement replaces the first."""
    with transaction() as session:
        found = session.get(MachineSpeed, name)
        if found is None:
            session.add(MachineSpeed(machine=name, seconds=seconds))
        else:
            found.seconds, found.measured_at = seconds, db_now()  # type: ignore[assignment]


def _known(worker: dict[str, Any]) -> bool:
    return bool(worker["alive"] and worker["machine"].get("device"))
