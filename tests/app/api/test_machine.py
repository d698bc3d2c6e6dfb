"""What the machine has, with a stand-in for the driver's program on the search path."""

import pytest

from app.services.queue import machine


def put_driver(folder, monkeypatch, script):
    program = folder / "nvidia-smi"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_gpus_are_read_as_the_driver_names_them(tmp_path, monkeypatch):
    put_driver(tmp_path, monkeypatch, 'echo "NVIDIA H100 80GB HBM3, 81559, 81000, 550.54"\n')
    (gpu,) = machine.read_gpus()
    assert gpu == machine.Gpu("NVIDIA H100 80GB HBM3", 81559 * 1024**2, 81000 * 1024**2, "550.54")


@pytest.mark.parametrize("script", ["exit 9\n", 'echo "No devices were found"\n'])
def test_failing_driver_is_distinguished_from_no_gpu(tmp_path, monkeypatch, script):
    put_driver(tmp_path, monkeypatch, script)
    with pytest.raises(machine.DriverFails):
        machine.read_gpus()


def test_machine_route_reports_memory_and_disk(ann):
    payload = ann.get("/api/v1/machine").json
    assert 0 < payload["free_memory_bytes"] <= payload["memory_bytes"]
    assert 0 < payload["free_disk_bytes"] <= payload["disk_bytes"]
    assert payload["threads"] >= 1 and isinstance(payload["gpus"], list)
