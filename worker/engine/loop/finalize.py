"""The frame around a run: which part has begun and how long each took, what it ran on, and how its results are left.

``result.json`` is written last: where it stands, the run is complete.
"""

import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import torch
from accelerate import Accelerator

from app import files
from app.run_report import Report
from worker.engine.loop import inference_time, save
from worker.engine.runtime.memory import peak_bytes
from worker.engine.tasks.base import Family


@dataclass
class PhaseClock:
    """Tells the report which part of the work has begun and keeps how many seconds each part took.

    ``processor`` holds the same in processor seconds of all threads; on a busy machine it tells work from waiting.
    """

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _phase: str = ""
    _since: tuple[float, float] = (0.0, 0.0)

    def enter(self, phase: str) -> None:
        """End the present phase and begin the next."""
        self.close()
        self._phase, self._since = phase, (time.monotonic(), time.process_time())
        self.report.phase(phase)

    def close(self) -> None:
        """Book the time of the present phase."""
        if self._phase:
            wall, used = time.monotonic() - self._since[0], time.process_time() - self._since[1]
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + wall
            self.processor[self._phase] = self.processor.get(self._phase, 0.0) + used
        self._phase = ""


def describe_machine(family: Family) -> dict[str, Any]:
    """What ``result.json`` says about where a run took place."""
    return {
        "device": _device_name(family.accelerator),
        "precision": "bf16" if family.accelerator.mixed_precision == "bf16" else "fp32",
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
    }


def finalize(
    family: Family, results: dict[str, Any], clock: PhaseClock, first_step_at: float | None, training: float
) -> dict[str, Any]:
    """Write the download, check that it answers as the model does, then the answers and ``result.json``.

    Args:
        first_step_at: moment of the first update on the monotonic clock; None if there was none.
        training: seconds spent learning, over all attempts.

    Raises:
        StudioError: the download, loaded afresh, answers differently.
    """
    folder = family.order.folder
    clock.enter("Saving")
    results["adapter_bytes"] = save.save_adapter(folder / "adapter", family, results)
    family.check_reload(folder / "adapter")
    save.write_predictions(folder / "predictions.jsonl", family.answers())
    results["pass_seconds"] = inference_time.measure(family)
    clock.close()
    # What earlier attempts learned was not done again, but it took its time.
    earlier = max(0.0, training - clock.seconds.get("Training", 0.0))
    results["seconds"] = {
        "total": earlier + time.monotonic() - clock.began,
        "to_first_step": first_step_at - clock.began if first_step_at else None,
        "training": training,
        "phases": clock.seconds,
        "processor": clock.processor,
    }
    results["peak_memory_bytes"] = peak_bytes()
    files.write_json(folder / "result.json", results)
    return results


def _device_name(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return torch.cuda.get_device_name(accelerator.device)
    return f"CPU, {torch.get_num_threads()} threads"
