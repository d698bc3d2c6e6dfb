"""Child processes: an environment without secrets, a process group that is ended as a whole, a log of bounded size."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

# The folder that holds the packages ``app``, ``worker`` and ``studio``.
ROOT = Path(__file__).resolve().parents[2]

# What a process that holds a model inherits; everything else, secrets and addresses above all, stays with the parent.
MODEL_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "GOMP_SPINCOUNT",
    "OMP_NUM_THREADS",
)
MODEL_DEFAULTS = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    # Threads that wait by spinning without end take the cores from other processes: with two runs at once a step took
    # 1,450 ms instead of 370. A bounded spin costs a run that is alone nothing.
    "GOMP_SPINCOUNT": "20000",
}
MAX_LOG_BYTES, LOG_HEAD_BYTES, LOG_TAIL_BYTES = 8 * 1024**2, 256 * 1024, 1024**2

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Command:
    """What to start, and with what.

    Attributes:
        arguments: program and arguments; see :func:`python_module`.
        environment: all of the child's variables; nothing else is inherited.
        folder: the working directory; None keeps the parent's.
        log: file that standard output and error are appended to; None shares the parent's.
        output: file for standard output alone.
        has_input: whether the child gets a pipe as standard input, whose end tells it that the parent is gone.
        own_group: whether it leads a process group (and session) of its own, so that it can be ended with its children.
        ends_with_parent: whether the kernel sends SIGTERM when the thread that started it ends, even if killed.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    log: Path | None = None
    output: Path | None = None
    has_input: bool = False
    own_group: bool = True
    ends_with_parent: bool = False


class ManagedProcess:
    """A started :class:`Command`. As a context manager it is ended, with its whole group, when the block is left."""

    def __init__(self, command: Command) -> None:
        self._own_group = command.own_group
        self._log = command.log
        with ExitStack() as files:
            log = files.enter_context(command.log.open("ab")) if command.log else None
            output = files.enter_context(command.output.open("wb")) if command.output else log
            self._process = subprocess.Popen(
                command.arguments,
                env=dict(command.environment),
                cwd=command.folder,
                stdin=subprocess.PIPE if command.has_input else subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=command.own_group,
                preexec_fn=_follow(os.getpid()) if command.ends_with_parent else None,
            )

    def __enter__(self) -> "ManagedProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Process id, also the id of its group if it leads one."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code (negative for a signal), or None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code as soon as it ends, or None when it still runs after ``seconds``."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def send_line(self, line: str) -> bool:
        """Write one line to its standard input; False if it does not read any more (:meth:`poll` tells why)."""
        if self._process.stdin is None:
            return False
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def terminate(self) -> None:
        """Send SIGTERM to the process alone, which ends its own children."""
        if self._process.poll() is None:
            self._process.terminate()

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything that it started in its group."""
        if not self._own_group:
            self._process.send_signal(number)
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def close_input(self) -> None:
        """End its standard input, which tells it that nobody waits for it any more."""
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def end(self, grace_seconds: float = 0.0) -> int:
        """Close its input, give it ``grace_seconds`` after SIGTERM if any, kill the whole group; returns the exit code."""
        self.close_input()
        if grace_seconds:
            self.terminate()
            self.wait(grace_seconds)
        self.signal_group(signal.SIGKILL)
        return self._process.wait()

    def limit_log(self, max_bytes: int = MAX_LOG_BYTES) -> None:
        """Shorten its log if it has grown past the limit; see :func:`shorten_log`."""
        if self._log:
            shorten_log(self._log, max_bytes)


def python_module(module: str, *arguments: str, safe_path: bool = False) -> tuple[str, ...]:
    """The command line of ``python -m module``; ``safe_path`` keeps the working directory out of the import path."""
    return (sys.executable, *(("-P",) if safe_path else ()), "-m", module, *arguments)


def inherited(names: Iterable[str]) -> dict[str, str]:
    """These variables of this process's environment, as far as they are set."""
    return {name: os.environ[name] for name in names if name in os.environ}


def inherited_all() -> dict[str, str]:
    """This process's whole environment, for children that are the studio's own services."""
    return dict(os.environ)


def inherited_prefix(prefix: str, *, without: Iterable[str] = ()) -> dict[str, str]:
    """The variables of this process's environment whose names begin with ``prefix``."""
    left_out = set(without)
    return {name: os.environ[name] for name in os.environ if name.startswith(prefix) and name not in left_out}


def model_environment(**more: str) -> dict[str, str]:
    """What a process that holds a model knows of ours: no secret and no address; ``more`` is added."""
    return {**MODEL_DEFAULTS, **inherited(MODEL_VARIABLES), **more}


def shorten_log(path: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
    """Keep the beginning and the end of a log larger than ``max_bytes``, with a line that says how much is missing.

    The writer must append, so that it continues after what is left.
    """
    try:
        size = path.stat().st_size
        if size <= max_bytes:
            return
        with path.open("r+b") as log:
            log.seek(size - LOG_TAIL_BYTES)
            tail = log.read(LOG_TAIL_BYTES)
            log.truncate(LOG_HEAD_BYTES)
        with path.open("ab") as log:
            log.write(f"\n... {size - LOG_HEAD_BYTES - len(tail):,} bytes left out ...\n".encode() + tail)
    except FileNotFoundError:
        return


def log_tail(path: Path, max_bytes: int = 8192) -> str:
    """The end of a log as text."""
    with path.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - max_bytes))
        return source.read().decode("utf-8", errors="replace")


def _follow(parent: int) -> Callable[[], None]:
    """For the child between fork and exec: ask the kernel for SIGTERM at the parent's end, which may have come already."""

    def follow() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return follow
