"""The progress bar of `studio finetune`, on standard error; standard output stays free for the result."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from app.catalog.task_types import PRIMARY_SCORES

# Metrics beside the bar.
SHOWN = ("train/loss", *(f"eval/{score.key}" for score in PRIMARY_SCORES))


class ProgressBar:
    """One bar for the whole run; fed by spool lines or by the job row."""

    def __init__(self) -> None:
        self.stopping = False
        self._console = Console(stderr=True, highlight=False)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._bar = self._bars.add_task("Starting", total=None, note="")
        self._phase = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def say(self, phase: str) -> None:
        """Name what is going on; without a terminal, each new phase is a line of its own."""
        if phase == self._phase:
            return
        self._phase = phase
        self._bars.update(self._bar, description=phase)
        if not self._console.is_terminal:
            self._console.print(phase)

    def show(self, line: dict[str, Any]) -> None:
        """Follow one spool line."""
        if line["type"] == "progress":
            self.watch(line.get("phase", "Training"), line)
        elif line["type"] == "event":
            self._show_event(line)
        elif line["type"] == "metric" and line["key"] in SHOWN:
            self._bars.update(self._bar, note=f"{line['key'].split('/')[1]} {line['value']:.3f}")

    def watch(self, phase: str, progress: dict[str, Any]) -> None:
        """Show where the work stands; ``progress`` may hold ``step`` and ``total_steps``, and the part of a cross-validation."""
        self.say("Stopping" if self.stopping else _in_part(phase, progress))
        if "share" in progress:
            self._bars.update(self._bar, total=1.0, completed=progress["share"])
        elif progress.get("total_steps"):
            self._bars.update(self._bar, total=progress["total_steps"], completed=progress.get("step", 0))

    def _show_event(self, line: dict[str, Any]) -> None:
        if line.get("kind") == "phase":
            self.say(_in_part(line["message"], line.get("data") or {}))
        elif line.get("severity") in ("warning", "error"):
            self._console.print(f"{line['severity']}: {line['message']}", markup=False)


def _in_part(phase: str, progress: dict[str, Any]) -> str:
    """A phase, of a cross-validation with the fold that it belongs to."""
    part, parts = progress.get("part"), progress.get("parts")
    if not part or not parts:
        return phase
    return f"Fold {part} of {parts - 1}: {phase}" if part < parts else f"Model on all rows: {phase}"
