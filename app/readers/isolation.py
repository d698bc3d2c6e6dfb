"""Starts the process that parses files from outside, watches over it, and turns every way it can end into words.

Whatever a file does to its parser (crash, hang, eat memory) happens in there; here are only its table and a short answer.
"""

import json
import logging
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.errors import DiskFull, Rejected, StudioError, TooLarge
from app.languages import restored, stated
from app.processes.subprocess import ROOT, Command, ManagedProcess, inherited, log_tail, python_module
from app.readers.source import Choices, Limits

log = logging.getLogger(__name__)

ANSWER_FILE, COMPLAINTS_FILE = "answer.json", "complaints.txt"
OUT_OF_MEMORY, DISK_FULL = 3, 4
MAX_ANSWER_BYTES = 256 * 1024 * 1024
MIB = 1024 * 1024
# gzip and ZIP, and so XLSX, hold ten times what they weigh.
PACKED_MARKS = (b"\x1f\x8b", b"PK")
# So many files are parsed at a time; others wait for their turn.
_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


@dataclass(frozen=True)
class Effort:
    """What parsing may cost.

    Attributes:
        memory_bytes: beyond what the process holds before it looks at the file.
        cpu_seconds: of computing; the clock may run three times as long on a busy machine.
    """

    memory_bytes: int = 192 * MIB
    cpu_seconds: int = 30

    @classmethod
    def for_files(cls, paths: Sequence[Path]) -> "Effort":
        """Half a minute, and one second more for each mebibyte, ten if it is packed, up to ten minutes."""
        return cls(cpu_seconds=min(600, 30 + sum(path.stat().st_size * _weight(path) for path in paths) // MIB))


def _weight(path: Path) -> int:
    with path.open("rb") as source:
        return 10 if source.read(2) in PACKED_MARKS else 1


def read_into(
    target: Path,
    files: Sequence[tuple[Path, str]],
    choices: Sequence[Choices] = (),
    limits: Limits | None = None,
    effort: Effort | None = None,
) -> list[dict[str, Any]]:
    """Parse files into one Parquet file, in a process of its own.

    Args:
        target: the file to write; absent afterwards if anything is refused.
        files: paths with their file names.
        choices: what the user stated about each; may be shorter.

    Returns:
        For each file, and for the part of an archive that is meant for tests, ``{"format", "encoding", "columns", "found", "first_id", "rows", "flaws": [Flaw.as_dict()]}``.

    Raises:
        StudioError: what the readers refuse, or ``read_memory``, ``read_timeout``, ``read_crash``.
    """
    paths = [path.resolve() for path, _ in files]
    effort = effort or Effort.for_files(paths)
    limits = limits or Limits()
    all_choices = [*choices, *(Choices() for _ in files)]
    with _turns:
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".reading-"))
        order = {
            "folder": str(folder.resolve()),
            "target": str((folder / "rows").resolve()),
            "files": [
                {"path": str(path), "name": name, "choices": choice.as_dict()}
                for path, (_, name), choice in zip(paths, files, all_choices, strict=False)
            ],
            "limits": asdict(limits),
            "memory_bytes": effort.memory_bytes,
            "cpu_seconds": effort.cpu_seconds,
            "file_bytes": limits.unpacked_bytes + 64 * MIB,
        }
        try:
            parts = _answer(folder, _run(order, folder, effort))
            os.replace(folder / "rows", target)
            return parts
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _run(order: dict[str, Any], folder: Path, effort: Effort) -> int:
    """Exit code of the process; negative for a signal."""
    arguments = python_module("app.readers.child", safe_path=True)
    command = Command(arguments, _environment(folder), folder, log=folder / COMPLAINTS_FILE, has_input=True)
    with ManagedProcess(command) as child:
        child.send_line(json.dumps(order))
        code = child.wait(60 + 3 * effort.cpu_seconds)
    return -signal.SIGXCPU if code is None else code


def _environment(folder: Path) -> dict[str, str]:
    """What the process may know: no address, no secret; and settings that keep its libraries small."""
    return inherited(("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")) | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "TMPDIR": str(folder.resolve()),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _answer(folder: Path, code: int) -> list[dict[str, Any]]:
    if code == 0:
        answer = _load_answer(folder / ANSWER_FILE)
        if "error" in answer:
            raise _refusal(answer)
        parts: list[dict[str, Any]] = answer["parts"]
        return parts
    if code == DISK_FULL:
        raise DiskFull()
    complaints = log_tail(folder / COMPLAINTS_FILE)
    if code in (OUT_OF_MEMORY, -signal.SIGKILL) or "bad_alloc" in complaints or "MemoryError" in complaints:
        raise Rejected(
            "read_memory",
            stated("Reading the file takes more memory than is allowed for one file."),
            stated("Look for one gigantic row or value in it; split it, or save the data as CSV."),
        )
    if code == -getattr(signal, "SIGXCPU", 0):
        raise Rejected(
            "read_timeout",
            stated("Reading the file takes longer than is allowed for a file of its size."),
            stated("Save the data in a plainer format such as CSV, or send it in parts."),
        )
    log.warning("reading a file ended with %s: %s", code, complaints[-2000:])
    raise Rejected(
        "read_crash",
        stated("The file is damaged in a way that makes its reader stop."),
        stated("Write it again with the program that made it, or save the data as CSV."),
    )


def _load_answer(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.stat().st_size > MAX_ANSWER_BYTES:
        raise Rejected(
            "read_memory", stated("The file has too many defects to list."), stated("Check that it is the right file.")
        )
    answer: dict[str, Any] = restored(json.loads(path.read_bytes()))
    return answer


def _refusal(answer: dict[str, Any]) -> StudioError:
    error = answer["error"]
    kind: type[StudioError] = next(
        (refusal for refusal in (TooLarge, Rejected) if refusal.status == answer["status"]), Rejected
    )
    return kind(error["code"], error["message"], error["hint"], status=answer["status"], details=error["details"])
