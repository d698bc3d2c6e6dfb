"""The supervisor's side of the spool: complete lines in order, returned again until they are accepted."""

import json
from pathlib import Path
from typing import Any

BATCH_LINES = 500


class SpoolReader:
    """Position in one spool file; the file need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._next = 0

    def peek(self) -> list[dict[str, Any]]:
        """The next complete lines, at most ``BATCH_LINES``; the same ones until :meth:`accept`."""
        if not self._path.exists():
            return []
        lines: list[dict[str, Any]] = []
        with self._path.open("rb") as spool:
            spool.seek(self._offset)
            end = self._offset
            while len(lines) < BATCH_LINES and (raw := spool.readline()).endswith(b"\n"):
                lines.append(json.loads(raw))
                end += len(raw)
        self._next = end
        return lines

    def accept(self, lines: list[dict[str, Any]]) -> None:
        """Move past the lines that :meth:`peek` gave."""
        if lines:
            self._offset = self._next
