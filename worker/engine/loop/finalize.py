"""The end of every run: download, check, predictions and ``result.json``; and the clock of its phases.

``result.json`` is written last: a folder that has it holds a complete run.
"""

import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypedDict

import torch
from accelerate import Accelerator

from app import files
from app.run_report import Report
from worker.engine.loop import inference_time, save
from worker.engine.reporting.results import RunResults
from worker.engine.runtime.memory import peak_bytes
from worker.engine.tasks.base import TaskFamily


@dataclass
class PhaseClock:
    """Reports the phases of a run and measures them.

    ``processor`` holds the same in CPU seconds of all threads; on a busy machine the difference is waiting.
    """

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _phase: str = ""
    _since: tuple[float, float] = (0.0, 0.0)

    def enter(self, phase: str) -> None:
        """End the current phase and begin the next."""
        self.close()
        self._phase, self._since = phase, (time.monotonic(), time.process_time())
        self.report.phase(phase)

    def close(self) -> None:
        """Add up the time of the current phase."""
        if self._phase:
            wall, used = time.monotonic() - self._since[0], time.process_time() - self._since[1]
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + wall
            self.processor[self._phase] = self.processor.get(self._phase, 0.0) + used
        self._phase = ""


class MachineDescription(TypedDict):
    """Where a run took place: fields of :class:`RunResults`."""

    device: str
    precision: str
    versions: dict[str, str]


def describe_machine(accelerator: Accelerator) -> MachineDescription:
    """Device, number format and library versions of this process."""
    return {
        "device": _device_name(accelerator),
        "precision": "bf16" if accelerator.mixed_precision == "bf16" else "fp32",
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
    }


def finalize(
    family: TaskFamily, results: RunResults, clock: PhaseClock, first_step_at: float | None, training: float
) -> dict[str, Any]:
    """Write the download, check that it answers as the model does, then write predictions and ``result.json``.

    Args:
        first_step_at: moment of the first update on the monotonic clock; None if there was none.
        training: seconds spent training, over all attempts.

    Raises:
        StudioError: the download, loaded afresh, answers differently.

    Returns:
        The content of ``result.json``.
    """
    folder = family.job.folder
    clock.enter("Saving")
    content = {**results.as_json(), "adapter_bytes": save.save_adapter(folder / "adapter", family, results)}
    family.check_reload(folder / "adapter")
    save.write_predictions(folder / "predictions.jsonl", family.predictions())
    content["pass_seconds"] = inference_time.measure(family)
    clock.close()
    # The training of earlier attempts counts as well.
    earlier = max(0.0, training - clock.seconds.get("Training", 0.0))
    content["seconds"] = {
        "total": earlier + time.monotonic() - clock.began,
        "to_first_step": first_step_at - clock.began if first_step_at else None,
        "training": training,
        "phases": clock.seconds,
        "processor": clock.processor,
    }
    content["peak_memory_bytes"] = peak_bytes()
    files.write_json(folder / "result.json", content)
    return content


def _device_name(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return torch.cuda.get_device_name(accelerator.device)
    return f"CPU, {torch.get_num_threads()} threads"
