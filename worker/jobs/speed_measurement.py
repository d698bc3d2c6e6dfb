"""Lets an idle worker measure its machine once, in a process of its own; estimates begin from what it finds.

Never imports torch itself.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable

from app.services.queue import machine_speeds
from app.settings import get_settings
from worker.database_outage import DATABASE_AWAY
from worker.processes import prewarmed

log = logging.getLogger(__name__)

# The worker's first seconds belong to its spare process and to jobs that wait.
AFTER_SECONDS, LOOK_SECONDS, LONGEST_SECONDS = 15.0, 5.0, 600.0


def measure_once(busy: Callable[[], bool], leaving: threading.Event) -> None:
    """Measure this machine when nothing is to be done, unless that was done before; gives up on the first failure.

    Args:
        busy: whether the worker has a job now.
        leaving: set when the worker stops.
    """
    if not get_settings().measure_speed or leaving.wait(AFTER_SECONDS):
        return
    try:
        name = machine_speeds.room(here=True)["machine"]
        if machine_speeds.speed_of(name) is not None:
            return
        while busy():
            if leaving.wait(LOOK_SECONDS):
                return
        machine_speeds.note_speed(name, run())
    except (*DATABASE_AWAY, OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("the speed of this machine was not measured: %s", type(error).__name__)


def run() -> dict[str, float]:
    """What ``worker.jobs.speed_probe`` measures, with the environment and threads that a trainer has."""
    done = subprocess.run(
        [sys.executable, "-m", "worker.jobs.speed_probe", str(get_settings().threads)],
        env=prewarmed.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_SECONDS,
    )
    return {name: float(value) for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
