"""Scripts in processes of their own that need not import torch, transformers and peft: a process that has them forks for each.

The forking process is a fresh interpreter with these libraries and nothing of this project. Importing them takes seconds of
the processor, more than most scripts do.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

# Reads one request per line: the script, its arguments, folder, environment, and files for output and errors; answers with the
# exit code of the process that ran it.
SERVER = """
import json, os, runpy, sys, traceback
import torch, transformers, peft
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
assert not {"app", "worker", "tests"} & set(sys.modules)

def run(request):
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]
    code = 0
    try:
        runpy.run_path(request["arguments"][0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)

for line in sys.stdin:
    child = os.fork()
    if not child:
        run(json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
# Read when the libraries are imported, so that a script cannot choose it.
OFFLINE = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Output:
    """What a script printed."""

    text: str
    errors: str


class LibraryProcess:
    """The forking process; used as a context manager, started by the first script."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)

    def run(self, script: Path, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Output:
        """Run a script to its end; the environment is all of its variables but those of ``OFFLINE``.

        Raises:
            AssertionError: it failed, with what it printed.
        """
        output, errors = self._folder / "output", self._folder / "errors"
        request = {
            "arguments": [str(script), *arguments],
            "folder": str(folder),
            "environment": {**environment, **OFFLINE},
            "output": str(output),
            "errors": str(errors),
        }
        server = self._started()
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = server.stdout.readline().strip()
        printed = Output(output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8"))
        assert code == "0", printed.errors
        return printed

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **OFFLINE}
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", SERVER],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process
