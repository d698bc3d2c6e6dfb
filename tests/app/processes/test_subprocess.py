"""Child processes: what they inherit, what ends them, and how large their logs grow."""

import signal
import sys
from pathlib import Path

import psutil
import pytest

from app.processes.subprocess import (
    LOG_HEAD_BYTES,
    MAX_LOG_BYTES,
    MODEL_VARIABLES,
    Command,
    ManagedProcess,
    inherited,
    inherited_prefix,
    log_tail,
    model_environment,
    python_module,
    shorten_log,
)
from tests.studio.processes import wait_until

GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""
STARTS_A_CHILD = """
import signal, sys
from app.processes.subprocess import Command, ManagedProcess
child = ManagedProcess(Command((sys.executable, "-c", "import signal; signal.pause()"), ends_with_parent=True))
print(child.pid, flush=True)
signal.pause()
"""


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_end_kills_what_the_process_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = ManagedProcess(Command(python(GRANDCHILD), log=log, has_input=True))
    wait_until(lambda: log.read_text().endswith("\n"), "the grandchild")
    grandchild = psutil.Process(int(log.read_text()))
    assert process.poll() is None
    process.end()
    wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE, "its end")


def test_leaving_the_block_ends_the_process() -> None:
    with ManagedProcess(Command(python("input()"), has_input=True)) as process:
        assert process.wait(0.0) is None
    assert process.poll() is not None


def test_end_gives_time_for_an_orderly_exit(tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print('ready', flush=True); signal.pause()"
    process = ManagedProcess(Command(python(code), log=tmp_path / "log"))
    wait_until(lambda: "ready" in (tmp_path / "log").read_text(), "the handler")
    assert process.end(10.0) == 7


def test_kill_by_signal_is_a_negative_exit_code() -> None:
    process = ManagedProcess(Command(python("input()"), has_input=True))
    process.signal_group(signal.SIGKILL)
    assert process.wait(10.0) == -signal.SIGKILL


def test_child_without_own_group_stays_in_the_parents() -> None:
    with ManagedProcess(Command(python("input()"), has_input=True, own_group=False)) as process:
        assert psutil.Process(process.pid).is_running()
        process.signal_group(signal.SIGTERM)
        assert process.wait(10.0) == -signal.SIGTERM


def test_lines_arrive_until_the_process_has_ended(tmp_path: Path) -> None:
    output = tmp_path / "output"
    process = ManagedProcess(Command(python("print(input())"), output=output, has_input=True))
    assert process.send_line("hello")
    assert process.wait(20.0) == 0
    assert output.read_text() == "hello\n"
    assert not process.send_line("too late")
    assert process.end() == 0


def test_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = inherited(MODEL_VARIABLES) | {"PYTHONPATH": str(Path(__file__).parents[3])}
    parent = ManagedProcess(Command(python(STARTS_A_CHILD), environment, log=log, own_group=False))
    wait_until(lambda: log.read_text().endswith("\n"), "the child")
    child = psutil.Process(int(log.read_text()))
    parent.signal_group(signal.SIGKILL)
    parent.wait(10.0)
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "its end")


def test_model_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "sqlite:////somewhere")
    monkeypatch.setenv("HF_TOKEN", "hush")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    environment = model_environment(EXTRA="1")
    assert "STUDIO_DATABASE_URL" not in environment and "HF_TOKEN" not in environment
    assert (environment["OMP_NUM_THREADS"], environment["EXTRA"], environment["HF_HUB_OFFLINE"]) == ("3", "1", "1")


def test_inherited_prefix_leaves_names_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMS_A", "1")
    monkeypatch.setenv("ROOMS_B", "2")
    assert inherited_prefix("ROOMS_", without=("ROOMS_B",)) == {"ROOMS_A": "1"}


def test_child_gets_only_the_given_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hush")
    code = "import os; print(os.environ.get('GIVEN'), os.environ.get('HF_TOKEN'))"
    with ManagedProcess(Command(python(code), {"GIVEN": "yes"}, log=tmp_path / "log")) as process:
        assert process.wait(20.0) == 0
    assert (tmp_path / "log").read_text() == "yes None\n"


def test_python_module_names_the_interpreter() -> None:
    assert python_module("a.b", "c") == (sys.executable, "-m", "a.b", "c")
    assert python_module("a.b", safe_path=True) == (sys.executable, "-P", "-m", "a.b")


def test_long_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    with log.open("ab") as writer:
        writer.write(b"the first line\n" + b"x" * MAX_LOG_BYTES + b"\nthe last line\n")
        writer.flush()
        shorten_log(log)
        writer.write(b"written afterwards\n")
    text = log.read_text()
    assert text.startswith("the first line") and text.endswith("the last line\nwritten afterwards\n")
    assert "bytes left out" in text and len(text) < LOG_HEAD_BYTES * 6
    assert log_tail(log, 19) == "written afterwards\n"


def test_missing_log_needs_no_shortening(tmp_path: Path) -> None:
    shorten_log(tmp_path / "absent.log")
    assert not (tmp_path / "absent.log").exists()
