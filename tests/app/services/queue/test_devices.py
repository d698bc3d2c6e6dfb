"""Devices of a training: recorded on its job, and freed by inference servers before it begins."""

from app.services.queue import devices, inference_servers, jobs, placement
from app.services.queue.inference_servers import READY
from app.settings import get_settings
from tests.factories import make_run


def test_device_is_taken_while_a_job_computes_on_it(owner, any_database, monkeypatch):
    monkeypatch.setenv("STUDIO_DEVICE", "gpu")
    get_settings.cache_clear()
    claim = jobs.claim(make_run(owner).job_id)
    assert claim and not inference_servers.is_taken("gpu")
    assert devices.take(claim) and inference_servers.is_taken("gpu") and not inference_servers.is_taken("other")
    inference_servers.register("host:1", "http://one", "gpu")
    inference_servers.beat("host:1", READY, {})
    monkeypatch.setattr(devices, "RELEASE_SECONDS", 0.2)
    assert not devices.take(claim)
    jobs.release(claim)
    assert not inference_servers.is_taken("gpu")


def test_several_devices_are_taken_together(owner, studio_home, monkeypatch):
    monkeypatch.setattr(
        placement, "own_capacity", lambda: placement.WorkerCapacity(3, 1, 1, ("GPU-a", "GPU-b", "GPU-c"))
    )
    claim = jobs.claim(make_run(owner).job_id)
    assert devices.device_names() == ("GPU-a",) and devices.take(claim, count=2)
    assert [inference_servers.is_taken(f"GPU-{letter}") for letter in "abc"] == [True, True, False]
