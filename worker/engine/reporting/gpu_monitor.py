"""What the driver says about the GPU of this run: how busy, memory, power, temperature. Asked beside the training, which
never waits for it. Knows nothing else.
"""

import importlib
import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import torch

# The driver's own library answers in microseconds, its program takes up to a second of one core.
LIBRARY_SECONDS, PROGRAM_SECONDS = 1.0, 10.0
PROGRAM_PATIENCE = 10.0
MEBIBYTE = 1024**2
FIELDS = ("utilization.gpu", "memory.used", "power.draw", "temperature.gpu")
KEYS = ("system/gpu_percent", "system/gpu_memory_bytes", "system/gpu_power_watts", "system/gpu_temperature_celsius")

Reading = dict[str, float]


class GpuMonitor:
    """Asks every second or so in a thread of its own; :attr:`latest` is the newest answer, empty before the first."""

    def __init__(self, read: Callable[[], Reading], seconds: float) -> None:
        self.latest: Reading = {}
        self._read, self._seconds = read, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gpu-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop asking."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.is_set():
            try:
                self.latest = self._read()
            except Exception:
                # A driver that does not answer any more must cost curves, never the run.
                self.latest = {}
                return
            self._ended.wait(self._seconds)


def watch_gpu() -> GpuMonitor | None:
    """A watch on the GPU that torch uses; None without one, or where the driver offers neither library nor program."""
    if not torch.cuda.is_available():
        return None
    uuid = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
    reader = library_reader(uuid)
    if reader:
        return GpuMonitor(reader, LIBRARY_SECONDS)
    program = shutil.which("nvidia-smi")
    return GpuMonitor(lambda: read_program(program, uuid), PROGRAM_SECONDS) if program else None


def library_reader(uuid: str) -> Callable[[], Reading] | None:
    """Reads through NVML, where its Python package (``nvidia-ml-py``) is installed and the driver answers."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
    except nvml.NVMLError:
        return None

    def read() -> Reading:
        asked: tuple[Callable[[], float], ...] = (
            lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
            lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used,
            lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
            lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
        )
        found: Reading = {}
        for key, ask in zip(KEYS, asked, strict=True):
            try:
                found[key] = float(ask())
            except nvml.NVMLError:
                continue  # this card or this partition of it does not tell
        return found

    return read


def read_program(program: str, uuid: str) -> Reading:
    """One answer of ``nvidia-smi`` about one GPU.

    Raises:
        OSError, subprocess.SubprocessError: it does not start, fails or takes too long.
    """
    asked = [program, f"--id={uuid}", f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=PROGRAM_PATIENCE, check=True)
    return parse_line(told.stdout.strip())


def parse_line(line: str) -> Reading:
    """``"37, 1024, 61.50, 45"`` as metric values; what the card does not tell (``[N/A]``) is left out."""
    found: Reading = {}
    for key, word in zip(KEYS, line.split(","), strict=False):
        try:
            value = float(word)
        except ValueError:
            continue
        found[key] = value * MEBIBYTE if key == "system/gpu_memory_bytes" else value
    return found
