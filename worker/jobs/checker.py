"""The process in which one new version of a dataset is made: ``python -m worker.jobs.checker``, started by ``worker.jobs.checking``.

Reads one JSON line ``{"claim", "folder"}`` from standard input. Progress and refusals are files in that folder, the result is a
row in the database. When standard input closes, its worker is gone, and it ends.
"""

import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from types import FrameType

from app import files
from app.errors import StudioError
from app.languages import storable
from app.processes.left_out_libraries import leave_out_pandas
from app.processes.parent import on_parent_exit
from app.services.datasets import checks
from app.services.datasets.dataset_jobs import perform
from app.services.datasets.progress import Progress
from app.services.queue.jobs import Claim, StaleClaim
from worker.jobs.checking import REFUSED

NOTE_SECONDS = 0.5


def main() -> int:
    """Do the work; the exit code is 0 when the version is stored, 3 when it was refused."""
    signal.signal(signal.SIGTERM, _stop)
    leave_out_pandas()
    line = _read_line()
    if not line:
        return 0
    given = json.loads(line)
    on_parent_exit(lambda: os.kill(os.getpid(), signal.SIGTERM))
    claim, folder = Claim(**given["claim"]), Path(given["folder"])
    user_id, work = checks.work_of(claim.job_id)
    progress = Progress(_ProgressFile(folder / "progress.json").note, partial(checks.note_result, claim))
    try:
        perform(user_id, work, progress)
    except StaleClaim:
        return 1
    except StudioError as error:
        files.write_json(folder / "error.json", {**storable(error.as_dict()), "status": error.status}, durable=False)
        return REFUSED
    return 0


class _ProgressFile:
    """Writes phase and progress, about twice a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted = 0.0
        self._phase = ""

    def note(self, phase: str, done: int, total: int) -> None:
        """Replace the file's content, unless it is young and the phase is the same."""
        now = time.monotonic()
        if phase == self._phase and now - self._noted < NOTE_SECONDS:
            return
        self._noted, self._phase = now, phase
        progress = {"done": done, "total": total} if total else {}
        files.write_json(self._path, {"phase": phase, "progress": progress}, durable=False)


def _read_line() -> bytes:
    # Not through sys.stdin, whose lock would keep the interpreter from ending.
    line = b""
    while not line.endswith(b"\n") and (more := os.read(0, 65536)):
        line += more
    return line


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
