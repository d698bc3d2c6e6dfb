"""Child processes of `studio up`: restarts, logs and a clean end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.children import DEATHS, ChildProcess, rotate_log
from tests.studio.processes import ROOT, wait_until


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


STUBBORN_CHILD = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
print("ready", flush=True)
signal.pause()
"""
# Ending means all descendants of the process that asks, so it is asked by a process of its own, as in `studio up`.
PARENT = f"""
import os, signal, sys, time
import psutil
from studio.children import ChildProcess, Urgency, end_all
from tests.studio.processes import still_alive, wait_until
hurried = sys.argv[1] == "hurried"
child = ChildProcess("worker", [sys.executable, "-c", {STUBBORN_CHILD!r}], dict(os.environ))
child.start()
wait_until(lambda: child.log.read_text() == "ready\\n", "the child ignores the signal")
main = psutil.Process(child.process.pid)
tree = [main, *main.children(recursive=True)]
assert len(tree) == 2
began = time.monotonic()
end_all([child], 60.0 if hurried else 0.2, Urgency(asked=hurried))
assert time.monotonic() - began < 10
assert still_alive(tree, 0) == [] and child.process.poll() == -signal.SIGKILL
"""


@pytest.mark.usefixtures("data_folder")
@pytest.mark.parametrize("urgency", ["patient", "hurried"])
def test_child_that_ignores_the_request_to_end_is_killed_with_its_descendants(urgency: str) -> None:
    """At once when the person asks a second time, else after the grace period."""
    ended = subprocess.run(
        [sys.executable, "-c", PARENT, urgency], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
