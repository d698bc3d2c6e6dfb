"""The machine that trains: a live worker's before one's own, its free memory, its measured speed."""

from typing import Any

import pytest

from app.db import transaction
from app.models_work import Worker
from app.services.queue import machine, machine_speeds, workers
from app.services.queue.machine import Gpu, MachineFacts
from app.settings import get_settings

GIGA = 10**9


def report_machine(name: str, facts: MachineFacts) -> None:
    """A worker's heartbeat with these facts."""
    workers.beat(name)
    with transaction() as session:
        worker = session.get_one(Worker, name)
        worker.machine = {**worker.machine, **facts.as_dict()}


def facts(*gpus: Gpu, free_memory_bytes: int = 6 * GIGA) -> MachineFacts:
    return MachineFacts("The device", gpus, 4, 8 * GIGA, free_memory_bytes, 9 * GIGA, 9 * GIGA)


def test_machine_of_a_live_worker_is_preferred_to_this_one(studio_home: Any) -> None:
    report_machine("there:1", facts(Gpu("H100", 80 * GIGA, 70 * GIGA, "550.54")))
    assert machine_speeds.training_machine() == machine_speeds.TrainingMachine("The device", True, 70 * GIGA)
    workers.leave("there:1")
    here = machine_speeds.training_machine()
    assert here.name == machine_speeds.training_machine(here=True).name == machine.describe(15.0).device


def test_free_memory_without_a_gpu_is_limited_by_the_setting(studio_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    report_machine("there:1", facts())
    assert machine_speeds.training_machine().available_bytes == 6 * GIGA
    monkeypatch.setenv("STUDIO_TRAINER_MEMORY_BYTES", str(2 * GIGA))
    get_settings.cache_clear()
    limited = machine_speeds.training_machine()
    assert (limited.gpu, limited.available_bytes) == (False, 2 * GIGA)


def test_newest_measured_speed_replaces_the_first(studio_home: Any) -> None:
    assert machine_speeds.speed_of("here") is None
    machine_speeds.store_speed("here", {"learn": 0.4, "calls": 0.02})
    first = machine_speeds.speed_of("here")
    machine_speeds.store_speed("here", {"learn": 0.2, "calls": 0.01})
    second = machine_speeds.speed_of("here")
    assert first and second and second.seconds == {"learn": 0.2, "calls": 0.01}
    assert second.measured_at >= first.measured_at and machine_speeds.speed_of("elsewhere") is None
