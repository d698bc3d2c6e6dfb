"""Facts of this machine: GPUs through NVML, and what a heartbeat stores of them."""

import pynvml
import pytest

from app.services.queue import machine
from app.services.queue.machine import MachineFacts
from tests import fake_nvml


def test_gpus_are_read_with_name_memory_driver_and_utilisation(monkeypatch) -> None:
    fake_nvml.install(monkeypatch)
    (gpu,) = machine.read_gpus()
    assert gpu == machine.Gpu("NVIDIA H100 80GB HBM3", fake_nvml.TOTAL, fake_nvml.FREE, "550.54", 37)
    assert machine.gpu_ids() == ["GPU-7"]


def test_gpu_without_utilisation_is_still_listed(monkeypatch) -> None:
    fake_nvml.install(monkeypatch, unsupported=frozenset({"nvmlDeviceGetUtilizationRates"}))
    (gpu,) = machine.read_gpus()
    assert gpu.busy_percent is None and gpu.free_bytes == fake_nvml.FREE


@pytest.mark.skipif(fake_nvml.has_driver(), reason="this machine has an NVIDIA driver")
def test_machine_without_driver_has_no_gpus() -> None:
    with pytest.raises(pynvml.NVMLError_LibraryNotFound):
        pynvml.nvmlInit()
    assert machine.read_gpus() == [] and machine.gpu_ids() == []


def test_failing_driver_is_distinguished_from_a_missing_one(monkeypatch) -> None:
    fake_nvml.fail(monkeypatch, pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    with pytest.raises(machine.DriverFails, match="Driver Not Loaded"):
        machine.read_gpus()
    assert machine.gpu_ids() == []


def test_driver_without_devices_fails(monkeypatch) -> None:
    fake_nvml.install(monkeypatch, count=0)
    with pytest.raises(machine.DriverFails, match="No devices"):
        machine.read_gpus()


def test_facts_survive_the_heartbeat(studio_home, monkeypatch) -> None:
    fake_nvml.install(monkeypatch)
    machine._known_gpus.cache_clear()
    facts = machine.describe()
    machine._known_gpus.cache_clear()
    assert facts.device == "NVIDIA H100 80GB HBM3"
    assert MachineFacts.from_dict(facts.as_dict()) == facts
    assert MachineFacts.from_dict({}) is None
