"""How busy the device that does the work is: the processor cores this run may use, or the GPU. Knows nothing else."""

import os
import time

import torch


class DeviceUse:
    """One per run; each :meth:`read` tells about the time since the one before."""

    def __init__(self) -> None:
        self._wall, self._used = time.monotonic(), _processor_seconds()

    def read(self) -> dict[str, float]:
        """Metric key -> percent (0 to 100): ``system/cpu_percent`` of this run's threads, ``system/gpu_percent`` if known."""
        wall, used = time.monotonic(), _processor_seconds()
        passed, worked = wall - self._wall, used - self._used
        self._wall, self._used = wall, used
        found = {}
        if passed > 0:
            found["system/cpu_percent"] = min(100.0, 100 * worked / passed / max(1, torch.get_num_threads()))
        if torch.cuda.is_available():
            busy = _gpu_percent()
            if busy is not None:
                # The processor only feeds the GPU; how idle it is says nothing about the run.
                found = {"system/gpu_percent": busy}
        return found


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _gpu_percent() -> float | None:
    try:
        return float(torch.cuda.utilization())
    except (ImportError, RuntimeError):
        # The driver's own library is not installed, or does not tell.
        return None
