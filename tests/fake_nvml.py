"""Stands in for the functions of NVML that need a GPU, with the readings of one H100; errors are the library's own."""

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

UUID = "GPU-7"
TOTAL, FREE, USED = 81559 * 1024**2, 81000 * 1024**2, 559 * 1024**2


def install(monkeypatch: pytest.MonkeyPatch, count: int = 1, unsupported: frozenset[str] = frozenset()) -> None:
    """Let ``pynvml`` answer for ``count`` GPUs; functions named in ``unsupported`` raise NVML's "not supported"."""

    def handle_of(uuid: str) -> int:
        if uuid != UUID:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return 0

    answers: dict[str, Any] = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "550.54",
        "nvmlDeviceGetCount": lambda: count,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetHandleByUUID": handle_of,
        "nvmlDeviceGetUUID": lambda handle: UUID,
        "nvmlDeviceGetName": lambda handle: "NVIDIA H100 80GB HBM3",
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=TOTAL, free=FREE, used=USED),
        "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=37, memory=5),
        "nvmlDeviceGetPowerUsage": lambda handle: 61_500,
        "nvmlDeviceGetTemperature": lambda handle, sensor: 45,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, _not_supported if name in unsupported else answer)


def fail(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let NVML fail to start with this error code."""

    def init() -> None:
        raise pynvml.NVMLError(code)

    monkeypatch.setattr(pynvml, "nvmlInit", init)


def has_driver() -> bool:
    """Whether this machine has a driver, so that tests of its absence cannot run."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    pynvml.nvmlShutdown()
    return True


def _not_supported(*arguments: object) -> None:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
