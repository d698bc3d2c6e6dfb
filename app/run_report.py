"""How a run reports while it works: phases, progress, metrics, events, checkpoints, and the question whether to stop.

Free of torch and of the engine, so that the writer of the trainer's spool can implement it without loading a model library.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from app.errors import StudioError


class Stopped(StudioError):
    """The run was asked to stop; ``train`` raises it once everything worth keeping is on disk."""

    def __init__(self) -> None:
        super().__init__("stopped", "The run was stopped on request.", "Resume it to continue from where it stopped.")


class Report(ABC):
    """Turns each report into one record of a kind with named fields; an implementation says what happens to a record."""

    @abstractmethod
    def record(self, kind: str, /, **fields: Any) -> None:
        """Take one record: ``phase``, ``progress``, ``metric``, ``event``, ``written``, ``checkpoint`` or ``dropped``."""

    def should_stop(self) -> bool:
        """Whether the run was asked to stop."""
        return False

    def stop_if_asked(self) -> None:
        """Raise :class:`Stopped` if the run was asked to stop."""
        if self.should_stop():
            raise Stopped

    def phase(self, title: str) -> None:
        """A new part of the work has begun."""
        self.record("phase", title=title)

    def progress(self, **values: float) -> None:
        """Where the work stands: step, total_steps, epoch, eta_seconds, rows_per_second, memory_bytes."""
        self.record("progress", **values)

    def metric(self, key: str, value: float, step: int) -> None:
        """One number at one step."""
        self.record("metric", key=key, step=step, value=value)

    def event(self, kind: str, message: str, severity: str = "info", **data: Any) -> None:
        """A notice or an alert for the run page; ``data`` must be JSON."""
        self.record("event", kind=kind, severity=severity, message=message, data=data)

    def generation_sample(self, step: int, row_id: int, **texts: str) -> None:
        """What the model generates for a held-out row at this step: ``input``, ``expected``, ``base_answer``, ``answer``."""
        self.record("written", step=step, row_id=row_id, **texts)

    def checkpoint(self, folder: Path, *, step: int, size: int, sha256: str, metrics: dict[str, float]) -> None:
        """A complete checkpoint lies in ``folder``; ``sha256`` is that of its manifest."""
        self.record("checkpoint", path=str(folder), step=step, bytes=size, sha256=sha256, metrics=metrics)

    def dropped(self, folder: Path) -> None:
        """A checkpoint is no longer needed. The receiver removes its record first and the folder afterwards."""
        self.record("dropped", path=str(folder))


class NullReport(Report):
    """Discards everything and never asks to stop: the report of every process but the main one."""

    def record(self, kind: str, /, **fields: Any) -> None:
        """See :class:`Report`."""
