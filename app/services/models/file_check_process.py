"""Starts the process that checks the files of a model, and turns every way it can end into words."""

import json
import logging
import tempfile
from pathlib import Path

from app import storage
from app.errors import Rejected
from app.processes.subprocess import ROOT, Command, ManagedProcess, inherited, log_tail, python_module

log = logging.getLogger(__name__)

# By the clock; the process itself has a limit of computing.
SECONDS = 180.0


def check_model_files(folder: Path) -> None:
    """Check what was fetched, in a process without secrets and with little memory and time.

    Raises:
        Rejected: a file is hostile, damaged, or costs more to read than any real one.
    """
    with tempfile.TemporaryDirectory(dir=storage.state_dir()) as scratch:
        output, complaints = Path(scratch) / "answer.json", Path(scratch) / "complaints.txt"
        command = Command(
            python_module("app.services.models.file_checks", str(folder.resolve()), safe_path=True),
            {**inherited(("PATH", "LD_LIBRARY_PATH")), "PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"},
            Path(scratch),
            log=complaints,
            output=output,
        )
        with ManagedProcess(command) as child:
            code = child.wait(SECONDS)
        if code == 0 and (found := json.loads(output.read_bytes())):
            error = found["error"]
            raise Rejected(error["code"], error["message"], error["hint"], details=error["details"])
        if code != 0:
            log.warning("checking a model ended with %s: %s", code, log_tail(complaints)[-1000:])
            raise Rejected(
                "model_file",
                "Reading the configuration or the tokenizer of this model takes more memory or time than any real one does.",
                "Choose another model.",
            )
