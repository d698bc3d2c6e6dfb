"""Child processes of `studio up`: restarts, logs and a clean end."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from studio.children import DEATHS, ChildProcess, Urgency, end_all, rotate_log
from tests.studio.processes import still_alive, wait_until


def test_waits_grow_until_a_child_counts_as_broken() -> None:
    child = ChildProcess("web", ["false"], {})
    waits = [child.plan_restart() for _ in range(DEATHS)]
    assert waits == [0.5, 1.0, 2.0, 4.0, None]


def test_logs_of_earlier_starts_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for start in range(6):
        rotate_log(log)
        log.write_text(f"start {start}")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.log": "start 5",
        "web.log.1": "start 4",
        "web.log.2": "start 3",
        "web.log.3": "start 2",
    }


@pytest.mark.usefixtures("data_folder")
def test_death_of_a_child_is_noticed_with_its_exit_code() -> None:
    child = ChildProcess("worker", [sys.executable, "-c", "print('going'); raise SystemExit(3)"], dict(os.environ))
    child.start()
    found: list[int] = []
    wait_until(lambda: (code := child.died()) is not None and not found.append(code), "the child ends")
    assert found == [3] and child.process is None
    assert child.log.read_text() == "going\n"


@pytest.mark.usefixtures("data_folder")
@pytest.mark.parametrize("hurried", [False, True])
def test_child_that_ignores_the_request_to_end_is_killed_with_its_descendants(hurried: bool) -> None:
    """At once when the person asks a second time, else after the grace period."""
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], start_new_session=True)\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    child = ChildProcess("worker", [sys.executable, "-c", code], dict(os.environ))
    child.start()
    wait_until(lambda: child.log.read_text() == "ready\n", "the child ignores the signal")
    main = psutil.Process(child.process.pid)
    tree = [main, *main.children(recursive=True)]
    assert len(tree) == 2
    began = time.monotonic()
    end_all([child], 60.0 if hurried else 0.2, Urgency(asked=hurried))
    assert time.monotonic() - began < 10
    assert still_alive(tree, 0) == [] and child.process.poll() == -signal.SIGKILL
