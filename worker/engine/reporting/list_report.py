"""A report that keeps everything in lists, for tests, benchmarks and jobs without a run page."""

import shutil
from pathlib import Path
from typing import Any

from app.run_report import Report


class ListReport(Report):
    """Keeps records in lists by kind; with ``stop_at`` the run is asked to stop at that step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.phases: list[str] = []
        self.metrics: list[tuple[str, int, float]] = []
        self.events: list[dict[str, Any]] = []
        self.checkpoints: list[Path] = []
        self.samples: list[dict[str, Any]] = []
        self.stop_at = stop_at
        self._step = -1

    def record(self, kind: str, /, **fields: Any) -> None:
        """See :class:`Report`."""
        if kind in ("progress", "metric"):
            self._step = max(self._step, int(fields.get("step", self._step)))
        if kind == "phase":
            self.phases.append(fields["title"])
        elif kind == "metric":
            self.metrics.append((fields["key"], fields["step"], fields["value"]))
        elif kind == "event":
            self.events.append({**fields, **fields["data"]})
        elif kind == "written":
            self.samples.append(fields)
        elif kind == "checkpoint":
            self.checkpoints.append(Path(fields["path"]))
        elif kind == "dropped":
            self.checkpoints.remove(Path(fields["path"]))
            shutil.rmtree(fields["path"])

    def should_stop(self) -> bool:
        """See :class:`Report`."""
        return self.stop_at is not None and self._step >= self.stop_at

    def curve(self, key: str) -> list[tuple[int, float]]:
        """All points of one metric as (step, value)."""
        return [(step, value) for name, step, value in self.metrics if name == key]
