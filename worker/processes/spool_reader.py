"""The supervisor's side of the spool: complete lines in order, returned again until they are accepted."""

import json
import os
from pathlib import Path
from typing import IO, Any

BATCH_LINES = 500


class SpoolReader:
    """Position in one spool file; the file need not exist yet.

    The file is kept open, so that nothing is lost when somebody removes it while the trainer writes to it.

    Attributes:
        was_cut: whether somebody has shortened the file, so that reports that were not read yet may be lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._offset = 0
        self._next = 0
        self.was_cut = False

    def peek(self) -> list[dict[str, Any]]:
        """The next complete lines, at most ``BATCH_LINES``; the same ones until :meth:`accept`."""
        spool = self._opened()
        if spool is None:
            return []
        if os.fstat(spool.fileno()).st_size < self._offset:
            # The trainer appends, so it goes on at the new end.
            self.was_cut, self._offset = True, 0
        lines: list[dict[str, Any]] = []
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

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[bytes] | None:
        if self._file is None and self._path.exists():
            self._file = self._path.open("rb", buffering=1024 * 1024)
        return self._file
