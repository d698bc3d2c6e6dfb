"""Readings of the GPU of a run, and a driver that fails."""

import pynvml
import pytest

from tests import fake_nvml
from tests.studio.processes import wait_until
from worker.engine.reporting.gpu_monitor import GpuMonitor, monitor_gpu, nvml_reader


def test_readings_are_percent_bytes_watts_and_degrees(monkeypatch) -> None:
    fake_nvml.install(monkeypatch)
    read = nvml_reader(fake_nvml.UUID)
    assert read is not None and read() == {
        "system/gpu_percent": 37.0,
        "system/gpu_memory_bytes": float(fake_nvml.USED),
        "system/gpu_power_watts": 61.5,
        "system/gpu_temperature_celsius": 45.0,
    }


def test_unsupported_readings_are_left_out(monkeypatch) -> None:
    unsupported = frozenset({"nvmlDeviceGetUtilizationRates", "nvmlDeviceGetPowerUsage"})
    fake_nvml.install(monkeypatch, unsupported=unsupported)
    read = nvml_reader(fake_nvml.UUID)
    assert read is not None and set(read()) == {"system/gpu_memory_bytes", "system/gpu_temperature_celsius"}


def test_unknown_gpu_has_no_reader(monkeypatch) -> None:
    fake_nvml.install(monkeypatch)
    assert nvml_reader("GPU-8") is None


@pytest.mark.skipif(fake_nvml.has_driver(), reason="this machine has an NVIDIA driver")
def test_machine_without_driver_has_no_monitor() -> None:
    with pytest.raises(pynvml.NVMLError_LibraryNotFound):
        pynvml.nvmlInit()
    assert nvml_reader(fake_nvml.UUID) is None and monitor_gpu() is None


def test_monitor_keeps_the_latest_reading(monkeypatch) -> None:
    fake_nvml.install(monkeypatch)
    read = nvml_reader(fake_nvml.UUID)
    assert read is not None
    monitor = GpuMonitor(read, 0.05)
    wait_until(lambda: bool(monitor.latest), "a reading of the driver")
    assert monitor.latest["system/gpu_power_watts"] == 61.5
    monitor.close()


def test_failing_driver_ends_the_readings_and_not_the_run() -> None:
    def fail() -> dict[str, float]:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)

    monitor = GpuMonitor(fail, 0.01)
    monitor._thread.join(5)
    assert monitor.latest == {} and not monitor._thread.is_alive()
