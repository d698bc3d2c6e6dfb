"""One trainer process as its supervisor sees it: started with a clean environment, given a folder, asked to stop, ended."""

import json
from pathlib import Path

from app import storage
from app.processes.subprocess import Command, ManagedProcess, model_environment, python_module
from app.settings import get_settings
from worker.processes.sandbox import MEMORY_VARIABLE

# Compiled kernels, by the variable that names their folder; a trainer may not make new folders in the user's own.
CACHES = {"TRITON_CACHE_DIR": "triton", "CUDA_CACHE_PATH": "cuda"}


class TrainerProcess(ManagedProcess):
    """A fresh interpreter that serves one job. It gets no secret and no database address, only a folder."""

    def __init__(self, *, without_device: bool = False) -> None:
        environment = trainer_environment() | ({"CUDA_VISIBLE_DEVICES": ""} if without_device else {})
        super().__init__(
            Command(
                python_module(get_settings().trainer_module),
                environment,
                log=storage.logs_dir() / "trainer-prewarmed.log",
                has_input=True,
            )
        )

    def give(self, folder: Path) -> None:
        """Pass the attempt's folder, and the data folder of which it is to see no more than the job names.

        The pipe keeps it until the imports are done.
        """
        self.send_line(json.dumps({"folder": str(folder), "data": str(storage.data_dir())}))

    def ask_to_stop(self) -> None:
        """Ask for an orderly end that keeps the last checkpoint."""
        self.send_line("cancel")


def trainer_environment() -> dict[str, str]:
    """What a trainer knows of our environment, with the operator's limit on its memory."""
    caches = {name: str(storage.cache_dir() / folder) for name, folder in CACHES.items()}
    return model_environment(**{MEMORY_VARIABLE: str(get_settings().trainer_memory_bytes), **caches})
