"""Confinement of a trainer by itself, before it reads data: no network, resource limits, a working directory of its own.

Must not import torch: moving to another network works only before the first thread is started.
"""

import contextlib
import ctypes
import faulthandler
import fcntl
import os
import resource
import signal
import socket
import struct
import sys
from pathlib import Path

from app.processes.parent import take_variable

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SET_FLAGS, _INTERFACE_UP = 0x8914, 0x1
OPEN_FILES = 4096
MEMORY_VARIABLE = "TRAINER_MEMORY_BYTES"


def close_network() -> bool:
    """Move into an empty network namespace, where the kernel permits it; returns whether it did.

    It has only a loopback interface, over which the processes of one run communicate. Without privileges this takes a user
    namespace, in which user and group ids stay the same.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNET) == 0:
        _enable_loopback()
        return True
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _enable_loopback()
    return True


def _enable_loopback() -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", b"lo", _INTERFACE_UP))


def set_limits() -> None:
    """No core dumps, a bounded number of open files, and the address space that the operator allows."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    max_bytes = int(take_variable(MEMORY_VARIABLE, "0"))
    if max_bytes:
        _lower(resource.RLIMIT_AS, max_bytes)


def enter_folder(folder: Path) -> None:
    """Change to the attempt's folder and redirect all output, that of C code too, to its log.

    SIGUSR1 writes the stack of every thread to that log; the watchdog sends it to a trainer that hangs.
    """
    log = os.open(folder / "trainer.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.dup2(log, sys.stdout.fileno())
    os.chdir(folder)
    faulthandler.enable(sys.stderr.fileno())
    faulthandler.register(signal.SIGUSR1, sys.stderr.fileno(), all_threads=True)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (bound, bound))
