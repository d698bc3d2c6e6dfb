"""What this machine has: GPUs as the driver names them, processor, memory, disk. Loads no torch, changes nothing."""

import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import psutil

from app import storage

DRIVER_SECONDS = 10.0


@dataclass(frozen=True)
class Gpu:
    """One GPU: the driver's name for it, memory in bytes, the driver's version."""

    name: str
    total_bytes: int
    free_bytes: int
    driver: str


class DriverFails(Exception):
    """An NVIDIA driver is installed but does not answer."""


def read_gpus() -> list[Gpu]:
    """All GPUs now; none without a driver. torch is not asked, it takes seconds to load.

    Raises:
        DriverFails: the driver's own program fails.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, "--query-gpu=name,memory.total,memory.free,driver_version", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=DRIVER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DriverFails(str(error)) from None
    lines = [line.split(",") for line in answer.stdout.splitlines() if line.strip()]
    if answer.returncode != 0 or not all(len(line) == 4 for line in lines):
        raise DriverFails(answer.stderr.strip() or answer.stdout.strip())
    return [
        Gpu(name.strip(), int(total) * 1024**2, int(free) * 1024**2, driver.strip())
        for name, total, free, driver in lines
    ]


def describe() -> dict[str, Any]:
    """``{"gpus": [{name, total_bytes, free_bytes, driver}], "threads", "memory_bytes",
    "free_memory_bytes", "disk_bytes", "free_disk_bytes"}``; the disk is that of the data folder."""
    memory, disk = psutil.virtual_memory(), shutil.disk_usage(storage.data_dir())
    return {
        "gpus": [asdict(gpu) for gpu in _known_gpus()],
        "threads": os.cpu_count() or 1,
        "memory_bytes": memory.total,
        "free_memory_bytes": memory.available,
        "disk_bytes": disk.total,
        "free_disk_bytes": disk.free,
    }


@cache
def _known_gpus() -> tuple[Gpu, ...]:
    # Asking the driver takes a second on some machines, and GPUs are not plugged in while the studio runs.
    try:
        return tuple(read_gpus())
    except DriverFails:
        return ()
