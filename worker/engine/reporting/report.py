"""How the engine speaks while it works: a small protocol, and a list that implements it for tests and scripts."""

import shutil
from pathlib import Path
from typing import Any, Protocol

from app.errors import StudioError


class Stopped(StudioError):
    """The person asked to stop; ``train`` raises it once everything worth keeping is on disk."""

    def __init__(self) -> None:
        super().__init__("stopped", "The run was stopped on request.", "Resume it to continue from where it stopped.")


class Report(Protocol):
    """What a run tells the outside, and the one question that it asks."""

    def phase(self, title: str) -> None:
        """A new part of the work has begun."""

    def progress(self, **facts: float) -> None:
        """Where the work stands: step, total_steps, epoch, eta_seconds, rows_per_second, memory_bytes."""

    def metric(self, key: str, value: float, step: int) -> None:
        """One number at one step."""

    def event(self, kind: str, message: str, severity: str = "info", **data: Any) -> None:
        """Something that a person should be told."""

    def written(self, step: int, row_id: int, **texts: str) -> None:
        """What a model that writes says to a held-out row at this step: ``input``, ``expected``, ``base_answer``, ``answer``."""

    def checkpoint(self, folder: Path, *, step: int, size: int, sha256: str, metrics: dict[str, float]) -> None:
        """A complete checkpoint lies in ``folder``; ``sha256`` is its manifest's."""

    def dropped(self, folder: Path) -> None:
        """A checkpoint is no longer needed. Who keeps the books strikes it out first and removes the folder then."""

    def should_stop(self) -> bool:
        """Whether the person has asked to stop."""


def stop_if_asked(report: Report) -> None:
    """Raise :class:`Stopped` when the person has asked to stop."""
    if report.should_stop():
        raise Stopped


class ListReport:
    """Keeps everything in lists; ``stop_at`` pretends that the person asked to stop at that step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.phases: list[str] = []
        self.metrics: list[tuple[str, int, float]] = []
        self.events: list[dict[str, Any]] = []
        self.checkpoints: list[Path] = []
        self.samples: list[dict[str, Any]] = []
        self.stop_at = stop_at
        self._step = -1

    def phase(self, title: str) -> None:
        """See :class:`Report`."""
        self.phases.append(title)

    def progress(self, **facts: float) -> None:
        """See :class:`Report`."""
        self._step = max(self._step, int(facts.get("step", self._step)))

    def metric(self, key: str, value: float, step: int) -> None:
        """See :class:`Report`."""
        self.metrics.append((key, step, value))
        self._step = max(self._step, step)

    def event(self, kind: str, message: str, severity: str = "info", **data: Any) -> None:
        """See :class:`Report`."""
        self.events.append({"kind": kind, "message": message, "severity": severity, **data})

    def written(self, step: int, row_id: int, **texts: str) -> None:
        """See :class:`Report`."""
        self.samples.append({"step": step, "row_id": row_id, **texts})

    def checkpoint(self, folder: Path, *, step: int, size: int, sha256: str, metrics: dict[str, float]) -> None:
        """See :class:`Report`."""
        self.checkpoints.append(folder)

    def dropped(self, folder: Path) -> None:
        """See :class:`Report`."""
        self.checkpoints.remove(folder)
        shutil.rmtree(folder)

    def should_stop(self) -> bool:
        """See :class:`Report`."""
        return self.stop_at is not None and self._step >= self.stop_at

    def curve(self, key: str) -> list[tuple[int, float]]:
        """All points of one metric as (step, value)."""
        return [(step, value) for name, step, value in self.metrics if name == key]


class NullReport:
    """The report of a process that does not lead: nobody hears it, and nobody asks it to stop."""

    def phase(self, title: str) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def progress(self, **facts: float) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def metric(self, key: str, value: float, step: int) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def event(self, kind: str, message: str, severity: str = "info", **data: Any) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def written(self, step: int, row_id: int, **texts: str) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def checkpoint(self, folder: Path, *, step: int, size: int, sha256: str, metrics: dict[str, float]) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def dropped(self, folder: Path) -> None:
        """See :class:`worker.engine.reporting.report.Report`."""

    def should_stop(self) -> bool:
        """See :class:`worker.engine.reporting.report.Report`."""
        return False
