"""The trainer's side of the spool: every report becomes one numbered JSON line that the supervisor reads as it grows.

Must not import torch: it is written to from two threads of a process that may be about to die, and stays simple.
"""

import json
import math
import threading
import time
from pathlib import Path
from typing import Any

LIFE_SECONDS = 10.0


class SpoolReport:
    """Implements the engine's ``Report`` by appending to ``spool.jsonl``; whole lines only, in order."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._number = 0
        self._lock = threading.Lock()
        self._phase = "Starting"
        self._stop = threading.Event()
        self._said_at = time.monotonic()

    def phase(self, title: str) -> None:
        """A new part of the work has begun; the run page shows it at once."""
        self._phase = title
        self._write("event", kind="phase", severity="info", message=title, data={})
        self._write("progress", phase=title)

    def progress(self, **facts: float) -> None:
        """Where the work stands."""
        self._write("progress", phase=self._phase, **facts)

    def metric(self, key: str, value: float, step: int) -> None:
        """One number at one step; numbers that are not finite are told as an event, JSON has no word for them."""
        if math.isfinite(value):
            self._write("metric", key=key, step=step, value=value)
        else:
            self.event("alert", f"{key} became {value} at step {step}.", severity="warning", key=key, step=step)

    def event(self, kind: str, message: str, severity: str = "info", **data: Any) -> None:
        """Something that a person should be told."""
        self._write("event", kind=kind, severity=severity, message=message, data=data)

    def written(self, step: int, row_id: int, **texts: str) -> None:
        """What a model that writes says to a held-out row at this step."""
        self._write("written", step=step, row_id=row_id, **texts)

    def checkpoint(self, folder: Path, *, step: int, size: int, sha256: str, metrics: dict[str, float]) -> None:
        """A complete checkpoint lies in ``folder``."""
        self._write("checkpoint", path=str(folder), step=step, bytes=size, sha256=sha256, metrics=metrics)

    def dropped(self, folder: Path) -> None:
        """A checkpoint is no longer needed, newer or better ones are kept; the supervisor removes it."""
        self._write("dropped", path=str(folder))

    def should_stop(self) -> bool:
        """Whether the person has asked to stop. Work that asks is alive, which is told now and then."""
        if time.monotonic() - self._said_at > LIFE_SECONDS:
            self._write("alive")
        return self._stop.is_set()

    def ask_to_stop(self) -> None:
        """Called by the thread that listens to the supervisor."""
        self._stop.set()

    def _write(self, sort: str, /, **facts: Any) -> None:
        with self._lock:
            line = {"n": self._number, "type": sort, **facts, "at": time.time()}
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()
            self._number += 1
            self._said_at = time.monotonic()
