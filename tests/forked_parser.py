"""The process that parses files, without its imports: a process that has them forks for each file.

What is forked is :mod:`app.readers.child` itself with its limits, its standard input and its log; a fresh interpreter for each
of the several hundred small files of the tests would take most of their time. Tests of the parser's own process use
``app.readers.isolation`` as it is.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.processes.subprocess import ROOT
from app.readers import isolation

# What starts a fresh interpreter for each file.
START = isolation._run

# Reads one line per file, the folder and the order; answers with the exit code of the process that read it.
SERVER = """
import json, os, sys, traceback
from pathlib import Path
import pyarrow
from pyarrow import parquet
from app.readers import child

def parse(folder, reading):
    complaints = os.open(Path(folder) / sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, source in ((0, reading), (1, complaints), (2, complaints)):
        os.dup2(source, number)
    os.chdir(folder)
    os.environ["TMPDIR"] = folder
    sys.stdin = os.fdopen(0)
    code = 1
    try:
        child.main()
        code = 0
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    request = json.loads(line)
    reading, writing = os.pipe()
    forked = os.fork()
    if not forked:
        os.close(writing)
        parse(request["folder"], reading)
    os.close(reading)
    with os.fdopen(writing, "w") as order:
        order.write(json.dumps(request["order"]) + "\\n")
        order.flush()
        code = os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1])
    print(code, flush=True)
"""


class ParserProcess:
    """The forking process; used as a context manager, started by the first file."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)

    def run(self, order: dict[str, Any], folder: Path, effort: isolation.Effort) -> int:
        """In place of ``isolation._run``; its limit of computing time ends it, as nothing waits by the clock."""
        with self._turn:
            server = self._started()
            assert server.stdin is not None and server.stdout is not None
            server.stdin.write(json.dumps({"folder": str(folder.resolve()), "order": order}) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", SERVER, isolation.COMPLAINTS_FILE],
                env=isolation._environment(Path(tempfile.gettempdir())),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process
