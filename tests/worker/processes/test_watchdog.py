"""A trainer that reports nothing for too long writes its stacks and is killed."""

import signal
import sys
from pathlib import Path

import pytest

from app.processes.subprocess import Command, ManagedProcess
from tests.studio.processes import wait_until
from worker.processes import watchdog
from worker.processes.watchdog import Watchdog

HANGS = """
import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1, sys.stderr.fileno(), all_threads=True)
print("ready", flush=True)
while True:
    signal.sigtimedwait([], 60)
"""


def test_silent_process_writes_its_stacks_and_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "DUMP_SECONDS", 60.0)
    log = tmp_path / "log"
    with ManagedProcess(Command((sys.executable, "-c", HANGS), log=log)) as process:
        wait_until(lambda: "ready" in log.read_text(), "the handler")
        guard = Watchdog(stall_seconds=0.0)
        guard.check(process)
        wait_until(lambda: "most recent call first" in log.read_text(), "the stacks")
        monkeypatch.setattr(watchdog, "DUMP_SECONDS", 0.0)

        def ended() -> bool:
            guard.check(process)
            return process.poll() is not None

        wait_until(ended, "the kill")
        assert process.poll() == -signal.SIGKILL
    assert guard.ended_trainer and guard.silence > 0


def test_slow_steps_are_not_silence(tmp_path: Path) -> None:
    with ManagedProcess(Command((sys.executable, "-c", "input()"), has_input=True)) as process:
        guard = Watchdog(stall_seconds=0.0)
        guard.observe([{"type": "progress", "step": step, "at": 100.0 * step} for step in (1, 2, 3)])
        guard.check(process)
        assert not guard.ended_trainer and process.poll() is None
