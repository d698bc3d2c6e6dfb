"""Measures the training speed of an idle worker's machine once, in a process of its own, for the estimates of run times.

Never imports torch itself.
"""

import json
import logging
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from app.processes.subprocess import Command, ManagedProcess, python_module
from app.services.queue import machine_speeds
from app.settings import get_settings
from worker.database_outage import DATABASE_AWAY
from worker.processes.trainer_process import trainer_environment

log = logging.getLogger(__name__)

# The first seconds of a worker are left to its prewarmed trainer and to waiting jobs.
DELAY_SECONDS, POLL_SECONDS, MAX_SECONDS = 15.0, 5.0, 600.0


def measure_once(busy: Callable[[], bool], leaving: threading.Event) -> None:
    """Measure this machine when no job runs, unless it was measured before; gives up on the first failure.

    Args:
        busy: whether the worker has a job now.
        leaving: set when the worker stops.
    """
    if not get_settings().measure_speed or leaving.wait(DELAY_SECONDS):
        return
    try:
        name = machine_speeds.training_machine(here=True).name
        if machine_speeds.speed_of(name) is not None:
            return
        while busy():
            if leaving.wait(POLL_SECONDS):
                return
        machine_speeds.store_speed(name, run())
    except (*DATABASE_AWAY, OSError, ValueError) as error:
        log.warning("the speed of this machine was not measured: %s", type(error).__name__)


def run() -> dict[str, float]:
    """What ``worker.jobs.speed_probe`` measures, with the environment and threads that a trainer has.

    Raises:
        OSError: it failed or took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        arguments = python_module("worker.jobs.speed_probe", str(get_settings().threads))
        command = Command(arguments, trainer_environment(), log=Path(folder) / "log", output=output)
        with ManagedProcess(command) as process:
            if (code := process.wait(MAX_SECONDS)) != 0:
                raise ChildProcessError(f"the speed probe ended with {code}")
        return {name: float(value) for name, value in json.loads(output.read_text().splitlines()[-1]).items()}
