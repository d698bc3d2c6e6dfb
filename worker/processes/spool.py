"""The trainer's side of the spool: every report becomes one numbered JSON line that the supervisor reads as it grows.

Must not import torch: it is written to from two threads of a process that may be about to die, and stays simple.
"""

import json
import math
import threading
import time
from pathlib import Path
from typing import Any

from app.run_report import Report

ALIVE_SECONDS = 10.0


class SpoolReport(Report):
    """Appends records to ``spool.jsonl``; whole lines only, in order."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._number = 0
        self._lock = threading.Lock()
        self._phase = "Starting"
        self._stop = threading.Event()
        self._written_at = time.monotonic()

    def record(self, kind: str, /, **fields: Any) -> None:
        """Write a record as a line; a number that is not finite becomes an event, because JSON has no word for it."""
        if kind == "phase":
            self._phase = fields.pop("title")
            # Of a cross-validation also which part of the run it belongs to.
            self.event("phase", self._phase, **fields)
            self._write("progress", phase=self._phase, **fields)
        elif kind == "progress":
            self._write("progress", phase=self._phase, **fields)
        elif kind == "metric" and not math.isfinite(fields["value"]):
            key, step = fields["key"], fields["step"]
            self.event("alert", f"{key} became {fields['value']} at step {step}.", "warning", key=key, step=step)
        else:
            self._write(kind, **fields)

    def should_stop(self) -> bool:
        """Whether the run was asked to stop. Work that asks is alive, which is reported now and then."""
        if time.monotonic() - self._written_at > ALIVE_SECONDS:
            self._write("alive")
        return self._stop.is_set()

    def ask_to_stop(self) -> None:
        """Called by the thread that listens to the supervisor."""
        self._stop.set()

    def _write(self, line_type: str, /, **fields: Any) -> None:
        with self._lock:
            line = {"n": self._number, "type": line_type, **fields, "at": time.time()}
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()
            self._number += 1
            self._written_at = time.monotonic()
