"""The process in which one check of data is done: it holds the rows while it judges them, then ends and gives all back.

Started by ``app.services.datasets.checks`` with a folder that names the claim; progress and refusals are files in that folder, a
result is a row in the database. When stdin closes, whoever waited is gone, and so is this process.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from sqlalchemy.orm import Session

from app import files, storage
from app.errors import StudioError
from app.services.datasets import checks
from app.services.datasets.dataset_jobs import perform
from app.services.datasets.progress import Progress
from app.services.queue.jobs import Claim, StaleClaim

TELL_SECONDS = 0.5


def main(folder: Path) -> int:
    """Do the work; the exit code is 0 when the version is there, 3 when it was refused."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, _stop)
    claim = Claim(**storage.read_json(folder / "claim.json"))
    user_id, work = checks.wanted(claim.job_id)

    def conclude(session: Session, dataset_id: str, version: int) -> None:
        checks.note_result(session, claim, dataset_id, version)

    try:
        perform(user_id, work, Progress(_Teller(folder / "progress.json").tell, conclude))
    except StaleClaim:
        return 1
    except StudioError as error:
        files.write_json(folder / "error.json", error.as_dict())
        return checks.REFUSED
    return 0


class _Teller:
    """Writes where the work stands, about twice a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = 0.0
        self._phase = ""

    def tell(self, phase: str, done: int, total: int) -> None:
        """Note it for whoever waits."""
        now = time.monotonic()
        if phase == self._phase and now - self._told < TELL_SECONDS:
            return
        self._told, self._phase = now, phase
        progress = {"done": done, "total": total} if total else {}
        files.write_json(self._path, {"phase": phase, "progress": progress}, durable=False)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(143)


def _end_with_parent() -> None:
    # Not through sys.stdin, whose lock would keep the interpreter from ending.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main(Path(sys.argv[1])))
