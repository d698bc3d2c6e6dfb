"""The process in which files from outside are parsed: no secrets, little memory, little time, then it ends.

Started by ``app.readers.isolation``, which sends one line of JSON on stdin and keeps it open; when that closes, the process that
wanted the answer is gone, and so is this process. The answer is a file in the folder that the line names.
"""

import errno
import json
import os
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from app.errors import DiskFull, StudioError, TooLarge
from app.languages import stated, storable
from app.processes.left_out_libraries import leave_out_pandas
from app.processes.parent import on_parent_exit
from app.readers import Choices, Flaw, Limits, Table, open_table
from app.readers.rows_file import RowsFile

ANSWER_FILE = "answer.json"
# Exit codes beside 0 (the answer is written) and 1 (a defect; stderr tells).
OUT_OF_MEMORY, DISK_FULL = 3, 4
OPEN_FILES = 64


def main() -> None:
    """Read the order, put the limits in place, do the work, write the answer."""
    leave_out_pandas()
    import pyarrow
    from pyarrow import parquet  # noqa: F401 - the limits count from what is loaded by then

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    order = json.loads(sys.stdin.readline())
    on_parent_exit(lambda: os._exit(1))
    _limit(order["memory_bytes"], order["cpu_seconds"], order["file_bytes"])
    folder = Path(order["folder"])
    try:
        answer: dict[str, Any] = {"parts": storable(_convert(order, folder))}
    except StudioError as error:
        answer = {**storable(error.as_dict()), "status": error.status}
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except OSError as error:
        refusal = _disk_error(error)
        if refusal is None:
            raise
        answer = {**storable(refusal.as_dict()), "status": refusal.status}
    try:
        (folder / ANSWER_FILE).write_text(json.dumps(answer), encoding="utf-8")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            os._exit(DISK_FULL)
        raise


def _convert(order: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Read all files into one table on disk; says for each what it brought."""
    limits = Limits(**order["limits"])
    tables = [
        open_table(Path(file["path"]), file["name"], choices=Choices(**file["choices"]), limits=limits, folder=folder)
        for file in order["files"]
    ]
    if (test := tables[0].evaluation) is not None:
        if len(tables) == 1:
            tables.append(test)
        else:
            tables[0].flaws.add(_own_test_file())
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    parts = []
    with RowsFile(Path(order["target"]), names, limits) as out:
        for table in tables:
            first = out.next_id
            if limits.first:
                table.records = islice(table.records, limits.first)
            out.write(table)
            parts.append(_part(table, first, out.next_id - first))
    return parts


def _own_test_file() -> Flaw:
    return Flaw(
        "test_part",
        "warning",
        stated("The part of the archive that is called “test” was not read, because an evaluation file was given."),
        stated("Leave the evaluation file out to test on that part."),
    )


def _part(table: Table, first: int, rows: int) -> dict[str, Any]:
    return {
        "format": table.format,
        "encoding": table.encoding,
        "columns": table.columns,
        "found": table.found,
        "first_id": first,
        "rows": rows,
        "flaws": [flaw.as_dict() for flaw in table.flaws.all()],
    }


def _limit(memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Put limits on this process; memory counts from what it holds already."""
    try:
        import resource
    except ImportError:  # not every system has them; the parent's clock still runs
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    held = _address_space()
    if held:
        resource.setrlimit(resource.RLIMIT_AS, (held + memory_bytes, held + memory_bytes))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _disk_error(error: OSError) -> StudioError | None:
    if error.errno == errno.ENOSPC:
        return DiskFull()
    if error.errno == errno.EFBIG:
        return TooLarge("too_large", stated("The file unfolds to more than is accepted."), stated("Send fewer rows."))
    return None


if __name__ == "__main__":
    main()
