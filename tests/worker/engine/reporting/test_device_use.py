"""What is recorded about processor and GPU; the driver's program is stood in for by one that prints what it prints."""

import stat
import subprocess
from pathlib import Path

import pytest

from tests.studio.processes import wait_until
from worker.engine.reporting.device_use import DeviceUse
from worker.engine.reporting.gpu_monitor import GpuMonitor, library_reader, parse_line, read_program


def test_a_line_of_the_driver_becomes_values_in_bytes_watts_and_degrees() -> None:
    assert parse_line("37, 1024, 61.50, 45") == {
        "system/gpu_percent": 37.0,
        "system/gpu_memory_bytes": 1024 * 1024**2,
        "system/gpu_power_watts": 61.5,
        "system/gpu_temperature_celsius": 45.0,
    }
    assert parse_line("[N/A], 512, [Not Supported], 40") == {
        "system/gpu_memory_bytes": 512 * 1024**2,
        "system/gpu_temperature_celsius": 40.0,
    }


def test_the_program_is_asked_about_the_gpu_of_this_run(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\ntest "$1" = "--id=GPU-7" || exit 9\necho "12, 100, 30.25, 33"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    watch = GpuMonitor(lambda: read_program(str(program), "GPU-7"), 0.05)
    wait_until(lambda: bool(watch.latest), "an answer of the driver")
    assert watch.latest["system/gpu_power_watts"] == 30.25
    watch.close()
    with pytest.raises(subprocess.CalledProcessError):
        read_program(str(program), "GPU-8")


def test_a_driver_that_fails_costs_the_curves_and_not_the_run() -> None:
    def fail() -> dict[str, float]:
        raise OSError("gone")

    watch = GpuMonitor(fail, 0.01)
    watch._thread.join(5)
    assert watch.latest == {} and not watch._thread.is_alive()


def test_without_a_driver_only_the_processor_is_told() -> None:
    use = DeviceUse()
    sum(number * number for number in range(300_000))
    result = use.read()
    assert set(result) <= {"system/cpu_percent"} or "system/process_bytes" in result
    assert 0 < result["system/cpu_percent"] <= 100
    assert library_reader("GPU-none") is None
