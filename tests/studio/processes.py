"""Starts the `studio` program as people do, and looks at what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psutil
import pytest

from studio.cli import main

ROOT = Path(__file__).resolve().parents[2]
STUDIO = [sys.executable, "-m", "studio.cli"]
LINK = re.compile(r"(http://\S+)/sign-in\?token=(\S+)")
START_SECONDS = 120.0


def clean_environment(**values: str) -> dict[str, str]:
    """The environment without any ``STUDIO_*`` but the given ones; idle workers do not measure the machine meanwhile."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    return {**kept, "STUDIO_MEASURE_SPEED": "false", **values}


def run(*arguments: str) -> int:
    """One command in this process; returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def call(*arguments: str, timeout: float = 60, **values: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*STUDIO, *arguments],
        cwd=ROOT,
        env=clean_environment(**values),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def letters(folder: Path, behaviour: str, name: str = "letters.csv") -> Path:
    """Rows whose first label tells the stub what to do."""
    path = folder / name
    rows = [
        f"the {thing} of house {n} is {what},{label}"
        for n in range(30)
        for thing, what, label in (("door", "open", behaviour), ("window", "shut", "x"))
    ]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def wait_until(happens: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Look ten times a second until it has happened."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        signal.sigtimedwait([], 0.1)


def still_alive(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are still there after some time; a zombie is not there any more."""
    _, left = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@dataclass
class Up:
    """A running `studio up` and the lines that it printed."""

    home: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    address: str = ""
    token: str = ""

    @property
    def tree(self) -> list[psutil.Process]:
        """Everything that descends from it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, word: str) -> psutil.Process:
        """The child whose command line contains a word."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))

    def printed(self, words: str) -> bool:
        """Whether a line with these words has been printed."""
        return any(words in line for line in self.lines)


def start_up(home: Path, **values: str) -> Up:
    """Start the studio on a free port and wait for its sign-in link."""
    settings = {"STUDIO_PORT": "0", "STUDIO_TRAINER_MODULE": "tests.worker.stub_trainer", **values}
    process = subprocess.Popen(
        [*STUDIO, "up"],
        cwd=ROOT,
        env=clean_environment(STUDIO_DATA_DIR=str(home), **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    up = Up(home, process)
    Thread(target=_read, args=(up,), daemon=True).start()
    try:
        wait_until(lambda: bool(up.token) or process.poll() is not None, "a sign-in link", START_SECONDS)
    except AssertionError:
        stop(up)
        raise
    assert up.token, "".join(up.lines)
    return up


def stop(up: Up) -> float:
    """Interrupt it as Ctrl-C does; returns the seconds until it has ended."""
    began = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    up.process.wait(30)
    return time.monotonic() - began


def _read(up: Up) -> None:
    assert up.process.stdout is not None
    for line in up.process.stdout:
        up.lines.append(line)
        if match := LINK.search(line):
            up.address, up.token = match.groups()
