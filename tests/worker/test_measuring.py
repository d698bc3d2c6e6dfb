"""An idle worker measures its machine once, in a process of its own, and never again."""

import threading

import pytest

from app.services import machine_speeds
from app.services.cost_arithmetic import REFERENCE
from worker import measuring


def test_an_idle_worker_measures_once(owner, monkeypatch):
    monkeypatch.setenv("STUDIO_MEASURE_SPEED", "true")
    monkeypatch.setattr(measuring, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(measuring, "LOOK_SECONDS", 0.0)
    measuring.get_settings.cache_clear()
    name = machine_speeds.room(here=True)["machine"]
    looks = iter([True, True, False])
    measuring.measure_once(lambda: next(looks), threading.Event())
    told = machine_speeds.speed_of(name)
    assert told and told["seconds"].keys() == REFERENCE.keys()
    assert 0 < told["seconds"]["calls"] < told["seconds"]["learn"] < 60
    monkeypatch.setattr(measuring, "run", lambda: pytest.fail("measured twice"))
    measuring.measure_once(lambda: False, threading.Event())


def test_a_leaving_or_forbidden_worker_measures_nothing(owner, monkeypatch):
    monkeypatch.setattr(measuring, "run", lambda: pytest.fail("measured"))
    measuring.measure_once(lambda: False, threading.Event())
    monkeypatch.setenv("STUDIO_MEASURE_SPEED", "true")
    measuring.get_settings.cache_clear()
    leaving = threading.Event()
    leaving.set()
    measuring.measure_once(lambda: False, leaving)
    assert machine_speeds.speed_of(machine_speeds.room(here=True)["machine"]) is None
