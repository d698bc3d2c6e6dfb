"""Utilisation, memory, power and temperature of the GPU of a run, read through NVML in a thread of its own, so that training
never waits for the driver."""

import threading
from collections.abc import Callable

import torch

SECONDS = 1.0
KEYS = ("system/gpu_percent", "system/gpu_memory_bytes", "system/gpu_power_watts", "system/gpu_temperature_celsius")

Reading = dict[str, float]


class GpuMonitor:
    """Reads the GPU every ``seconds``; :attr:`latest` is the newest reading, empty before the first."""

    def __init__(self, read: Callable[[], Reading], seconds: float) -> None:
        self.latest: Reading = {}
        self._read, self._seconds = read, seconds
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gpu-monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self.latest = self._read()
            except Exception:
                # A driver that fails ends the curves of the GPU, never the run.
                self.latest = {}
                return
            self._closed.wait(self._seconds)


def monitor_gpu() -> GpuMonitor | None:
    """A monitor of the GPU that torch uses; None without a GPU, or if NVML cannot read it."""
    if not torch.cuda.is_available():
        return None
    uuid = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
    read = nvml_reader(uuid)
    return GpuMonitor(read, SECONDS) if read else None


def nvml_reader(uuid: str) -> Callable[[], Reading] | None:
    """A function that reads the GPU with this id, as metric key -> value; None if the driver does not know it.

    A value that the GPU does not support, as on a MIG partition, is left out.
    """
    import pynvml

    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
    except pynvml.NVMLError:
        return None
    queries: tuple[Callable[[], float], ...] = (
        lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu,
        lambda: pynvml.nvmlDeviceGetMemoryInfo(handle).used,
        lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000,
        lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU),
    )

    def read() -> Reading:
        reading: Reading = {}
        for key, query in zip(KEYS, queries, strict=True):
            try:
                reading[key] = float(query())
            except pynvml.NVMLError_NotSupported:
                continue
        return reading

    return read
