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
def test_a_driver_that_fails_is_told_apart_from_none(tmp_path, monkeypatch, script):
    put_driver(tmp_path, monkeypatch, script)
    with pytest.raises(machine.DriverFails):
        machine.read_gpus()


def test_the_route_tells_memory_and_disk(ann):
    told = ann.get("/api/v1/machine").json
    assert 0 < told["free_memory_bytes"] <= told["memory_bytes"]
    assert 0 < told["free_disk_bytes"] <= told["disk_bytes"]
    assert told["threads"] >= 1 and isinstance(told["gpus"], list)
