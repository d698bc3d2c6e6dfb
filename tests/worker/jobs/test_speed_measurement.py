"""An idle worker measures its machine once, in a process of its own, and never again."""

import threading

import pytest

from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.queue import machine_speeds
from worker.jobs import speed_measurement


def test_idle_worker_measures_its_machine_once(owner, monkeypatch):
    monkeypatch.setenv("STUDIO_MEASURE_SPEED", "true")
    monkeypatch.setattr(speed_measurement, "DELAY_SECONDS", 0.0)
    monkeypatch.setattr(speed_measurement, "POLL_SECONDS", 0.0)
    speed_measurement.get_settings.cache_clear()
    name = machine_speeds.training_machine(here=True).name
    looks = iter([True, True, False])
    speed_measurement.measure_once(lambda: next(looks), threading.Event())
    speed = machine_speeds.speed_of(name)
    assert speed and speed.seconds.keys() == REFERENCE.keys()
    assert 0 < speed.seconds["calls"] < speed.seconds["learn"] < 60
    monkeypatch.setattr(speed_measurement, "run", lambda: pytest.fail("measured twice"))
    speed_measurement.measure_once(lambda: False, threading.Event())


def test_stopping_or_disabled_worker_measures_nothing(owner, monkeypatch):
    monkeypatch.setattr(speed_measurement, "run", lambda: pytest.fail("measured"))
    speed_measurement.measure_once(lambda: False, threading.Event())
    monkeypatch.setenv("STUDIO_MEASURE_SPEED", "true")
    speed_measurement.get_settings.cache_clear()
    leaving = threading.Event()
    leaving.set()
    speed_measurement.measure_once(lambda: False, leaving)
    assert machine_speeds.speed_of(machine_speeds.training_machine(here=True).name) is None
