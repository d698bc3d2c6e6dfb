"""Starts the processes that look into the files of a model, and turns every way in which one can end into words.

Such a process knows no secret, has limits of memory and computing that it sets itself (:func:`limit`), and prints one line of JSON.
"""

import json
import logging
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app import storage
from app.catalog.model_facts import ModelFacts, facts_from
from app.errors import Rejected, StudioError
from app.processes.subprocess import ROOT, Command, ManagedProcess, inherited, log_tail, python_module

log = logging.getLogger(__name__)

# By the clock; the process itself has a limit of computing.
SECONDS = 180.0
CPU_SECONDS = 60
MEMORY_BYTES = 2 * 1024**3
MAX_ANSWER_BYTES = 64 * 1024**2
# Facts by the content of a configuration: a fetch that is resumed, and every step of one, asks about the same.
MAX_KNOWN = 32
_known_facts: dict[bytes, ModelFacts] = {}
ENVIRONMENT = {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def check_model_files(folder: Path) -> None:
    """Check what was fetched.

    Raises:
        Rejected: a file is hostile, damaged, or costs more to read than any real one.
    """
    _ask("app.services.models.file_checks", folder)


def read_model_facts(folder: Path) -> ModelFacts:
    """What transformers makes of the ``config.json`` in a folder; the same file is read once.

    Raises:
        Rejected: the model cannot be tuned here, or building it costs more than any real one does.
    """
    known = _known_facts.get((folder / "config.json").read_bytes())
    return known or remember(folder, facts_from(_ask("app.services.models.model_reader", folder)))


def remember(folder: Path, facts: ModelFacts) -> ModelFacts:
    """Keep the facts of the configuration in a folder for who asks next."""
    if len(_known_facts) >= MAX_KNOWN:
        _known_facts.clear()
    _known_facts[(folder / "config.json").read_bytes()] = facts
    return facts


def convert_tokenizer(folder: Path) -> str:
    """The ``tokenizer.json`` of a folder that has its vocabulary in another format only.

    Raises:
        Rejected: transformers cannot convert it.
    """
    return str(_ask("app.services.models.tokenizer_conversion", folder)["tokenizer"])


def _ask(module: str, folder: Path) -> dict[str, Any]:
    """The answer of a module that is run with this folder."""
    with tempfile.TemporaryDirectory(dir=storage.state_dir()) as scratch:
        output, complaints = Path(scratch) / "answer.json", Path(scratch) / "complaints.txt"
        command = Command(
            python_module(module, str(folder.resolve()), safe_path=True),
            {**inherited(("PATH", "LD_LIBRARY_PATH")), "PYTHONPATH": str(ROOT), "HOME": scratch, **ENVIRONMENT},
            Path(scratch),
            log=complaints,
            output=output,
        )
        with ManagedProcess(command) as child:
            code = child.wait(SECONDS)
        if code != 0:
            log.warning("%s ended with %s: %s", module, code, log_tail(complaints)[-1000:])
            raise Rejected(
                "model_file",
                "Reading the configuration or the tokenizer of this model takes more memory or time than any real one does.",
                "Choose another model.",
            )
        found: dict[str, Any] = json.loads(output.read_bytes())
    if error := found.get("error"):
        raise Rejected(error["code"], error["message"], error["hint"], details=error["details"])
    return found


def limit() -> None:
    """Limit this process. Memory counts as what it may write to: libraries of a GPU map many gigabytes that nobody touches."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_ANSWER_BYTES, MAX_ANSWER_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))


def answer(look: Callable[[Path], Mapping[str, Any] | None]) -> None:
    """The whole of such a process: limit it, look into the folder on the command line, print what was found or the refusal."""
    limit()
    try:
        print(json.dumps(look(Path(sys.argv[1])) or {}))
    except StudioError as error:
        print(json.dumps(error.as_dict()))
