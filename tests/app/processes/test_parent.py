"""A child acts when its parent closes the pipe."""

import sys
from pathlib import Path

from app.processes.subprocess import ROOT, Command, ManagedProcess
from tests.studio.processes import wait_until

CHILD = """
import os, signal
from app.processes.parent import on_parent_exit
on_parent_exit(lambda: os._exit(9))
print("ready", flush=True)
signal.pause()
"""


def test_end_of_standard_input_calls_the_action(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT)}
    process = ManagedProcess(Command((sys.executable, "-c", CHILD), environment, log=tmp_path / "log", has_input=True))
    assert process.send_line("ignored") and process.poll() is None
    wait_until((tmp_path / "log").read_text, "the child is ready")
    process.close_input()
    assert process.wait(20.0) == 9
    assert (tmp_path / "log").read_text() == "ready\n"
