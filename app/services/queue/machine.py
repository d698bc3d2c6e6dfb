"""Hardware of this machine: GPUs as the driver names them, processor, memory and disk."""

import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from app import storage
from app.languages import gettext as _
from app.settings import get_settings


@dataclass(frozen=True)
class Gpu:
    """One GPU: the driver's name for it, memory in bytes, the driver's version, per cent of the time it was busy."""

    name: str
    total_bytes: int
    free_bytes: int
    driver: str
    busy_percent: int | None = None


@dataclass(frozen=True)
class MachineFacts:
    """Hardware and free resources of a machine; the disk is that of the data folder.

    ``device`` names what trains by make: a GPU, or a processor with the threads that a trainer uses.
    """

    device: str
    gpus: tuple[Gpu, ...]
    threads: int
    memory_bytes: int
    free_memory_bytes: int
    disk_bytes: int
    free_disk_bytes: int

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "MachineFacts | None":
        """The facts of a heartbeat; None if the worker has not reported them."""
        if not stored.get("device"):
            return None
        gpus = tuple(Gpu(**gpu) for gpu in stored["gpus"])
        return cls(**{name: stored.get(name, 0) for name in cls.__dataclass_fields__} | {"gpus": gpus})

    def as_dict(self) -> dict[str, Any]:
        """For heartbeats and the REST API."""
        return {**asdict(self), "gpus": [asdict(gpu) for gpu in self.gpus]}


class DriverFails(Exception):
    """An NVIDIA driver is installed but does not answer."""


def read_gpus() -> list[Gpu]:
    """All GPUs now, read through NVML, since loading torch takes seconds; none without a driver.

    Raises:
        DriverFails: the driver answers with an error, or has no device.
    """
    import pynvml

    try:
        with _nvml_session():
            version = pynvml.nvmlSystemGetDriverVersion()
            gpus = [_read_gpu(handle, version) for handle in _handles()]
    except pynvml.NVMLError_LibraryNotFound:
        return []
    except pynvml.NVMLError as error:
        raise DriverFails(str(error)) from None
    if not gpus:
        raise DriverFails(_("No devices were found"))
    return gpus


def gpu_ids() -> list[str]:
    """The driver's ids (``GPU-...``) of all GPUs, in its order; none without a driver that answers."""
    import pynvml

    try:
        with _nvml_session():
            return [str(pynvml.nvmlDeviceGetUUID(handle)) for handle in _handles()]
    except pynvml.NVMLError:
        return []


@contextmanager
def _nvml_session() -> Iterator[None]:
    # A session for each reading, so that a forked process never uses the handles of its parent.
    import pynvml

    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def _handles() -> list[Any]:
    import pynvml

    return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]


def _read_gpu(handle: Any, driver: str) -> Gpu:
    import pynvml

    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        busy = int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError_NotSupported:
        busy = None
    return Gpu(pynvml.nvmlDeviceGetName(handle), memory.total, memory.free, driver, busy)


def describe(gpu_seconds: float | None = None) -> MachineFacts:
    """What this machine has now.

    Args:
        gpu_seconds: maximum age of what is known about the GPUs; None takes what was read first.
    """
    memory, disk = psutil.virtual_memory(), shutil.disk_usage(storage.data_dir())
    gpus = _known_gpus(int(time.monotonic() / gpu_seconds) if gpu_seconds else 0)
    threads = trainer_threads()
    return MachineFacts(
        device=gpus[0].name if gpus else f"{_processor()}, {threads} {'thread' if threads == 1 else 'threads'}",
        gpus=gpus,
        threads=os.cpu_count() or 1,
        memory_bytes=memory.total,
        free_memory_bytes=memory.available,
        disk_bytes=disk.total,
        free_disk_bytes=disk.free,
    )


def trainer_threads() -> int:
    """Processor threads that a trainer started by this process uses."""
    configured = get_settings().threads or int(get_settings().omp_num_threads.split(",")[0] or 0)
    if configured:
        return configured
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (named[0] if named else platform.processor() or platform.machine())[:150]


@lru_cache(maxsize=2)
def _known_gpus(moment: int) -> tuple[Gpu, ...]:
    # Asking the driver takes a second on some machines, and GPUs are not plugged in while the studio runs.
    try:
        return tuple(read_gpus())
    except DriverFails:
        return ()
