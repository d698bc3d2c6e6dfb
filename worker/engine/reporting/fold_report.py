"""How the trainings of a cross-validation report as one run: which of them works, and how much of all steps is done."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.run_report import Report

# The events of a fold that concern the run; notices on the data come again with the model that is kept.
PASSED_EVENTS = ("alert",)


class TrainingReport(Report):
    """Passes the reports of one training on, with its place among all of them: ``part`` of ``parts``, counted from 1.

    The last part is the model that is kept; those before it are the folds.
    """

    def __init__(self, report: Report, part: int, steps: Sequence[int]) -> None:
        self._report, self._part, self._steps = report, part, steps
        self._seconds_per_step = 0.0

    def record(self, kind: str, /, **fields: Any) -> None:
        """See :class:`Report`."""
        self._report.record(kind, **(self._placed(fields) if kind in ("progress", "phase") else fields))

    def should_stop(self) -> bool:
        """See :class:`Report`."""
        return self._report.should_stop()

    def _placed(self, fields: dict[str, Any]) -> dict[str, Any]:
        own, before, whole = self._steps[self._part - 1], sum(self._steps[: self._part - 1]), sum(self._steps)
        step = int(fields.get("step", 0))
        if step < own and fields.get("eta_seconds"):
            self._seconds_per_step = fields["eta_seconds"] / (own - step)
        left = self._seconds_per_step * (whole - before - step)
        placed = {"part": self._part, "parts": len(self._steps), "share": (before + step) / whole}
        return {**fields, **placed, **({"eta_seconds": left} if left else {})}


class FoldReport(TrainingReport):
    """The same for a fold, whose model is not kept: its checkpoints are its own business, and its curves have names of their own."""

    def __init__(self, report: Report, part: int, steps: Sequence[int], curves: Sequence[str]) -> None:
        super().__init__(report, part, steps)
        self._curves = frozenset(curves)

    def record(self, kind: str, /, **fields: Any) -> None:
        """See :class:`Report`: of the metrics only those that were asked for, as ``fold-<number>/<name>``."""
        if kind == "dropped":
            shutil.rmtree(Path(fields["path"]), ignore_errors=True)
        elif kind == "metric":
            if fields["key"] in self._curves:
                self._report.record(kind, **{**fields, "key": f"fold-{self._part}/{fields['key']}"})
        elif kind == "event":
            if fields["kind"] in PASSED_EVENTS:
                message = f"Fold {self._part} of {len(self._steps) - 1}: {fields['message']}"
                self._report.record(kind, **{**fields, "message": message})
        elif kind not in ("checkpoint", "written"):
            super().record(kind, **fields)
