"""Use of the machine by this run: CPU cores, main memory and, where there is one, the GPU."""

import os
import time

import psutil
import torch

from worker.engine.reporting.gpu_monitor import monitor_gpu


class DeviceUse:
    """One per run; :meth:`read` gives means over the time since the last call."""

    def __init__(self) -> None:
        self._wall, self._used = time.monotonic(), _cpu_seconds()
        # The first call only sets the beginning.
        psutil.cpu_percent()
        self._monitor = monitor_gpu()

    def read(self) -> dict[str, float]:
        """Metric key -> value.

        ``system/cpu_percent`` (0 to 100) of the cores this run may use, ``system/cpu_percent_of_all`` of all cores by all
        programs; on a GPU also ``system/process_bytes`` in main
        memory and what :mod:`worker.engine.reporting.gpu_monitor` reads: per cent, bytes, watts, degrees Celsius.
        """
        wall, used = time.monotonic(), _cpu_seconds()
        passed, worked = wall - self._wall, used - self._used
        self._wall, self._used = wall, used
        found = {}
        if passed > 0:
            found["system/cpu_percent"] = min(100.0, 100 * worked / passed / max(1, torch.get_num_threads()))
            found["system/cpu_percent_of_all"] = psutil.cpu_percent()
        if torch.cuda.is_available():
            found["system/process_bytes"] = float(psutil.Process().memory_info().rss)
        return {**found, **(self._monitor.latest if self._monitor else {})}


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system
