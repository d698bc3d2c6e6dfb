"""Confinement of a trainer by itself, before it reads data: no network, resource limits, a working directory of its own.

Must not import torch: moving to another network works only before the first thread is started.
"""

import contextlib
import ctypes
import faulthandler
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from app.processes.parent import take_variable
from worker.processes import file_fence

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SET_FLAGS, _INTERFACE_UP = 0x8914, 0x1
OPEN_FILES = 4096
# The kernel, out of memory, ends a trainer rather than the pages or the database: 0 is usual, 1000 the first to go.
OUT_OF_MEMORY_SCORE = 800
NETWORK_MISSING = (
    "This training can reach the network: the kernel refuses it a network of its own. In a container, allow user namespaces, or "
    "give the worker no way out."
)
FILES_MISSING = "This training can read other data and write to the database: the kernel has no Landlock, or a container forbids it."
MEMORY_VARIABLE = "TRAINER_MEMORY_BYTES"


# What is said on the run for each fence that the kernel does not permit.
missing_fences: list[str] = []


def confine(*, network: bool) -> None:
    """Before libraries start threads: no network, and limits; :data:`missing_fences` tells what the kernel does not permit.

    Args:
        network: false for a process that is in the network of another one already.
    """
    if network and not close_network():
        missing_fences.append(NETWORK_MISSING)
    set_limits()


def close_data_folder(data: Path, read: Iterable[Path], written: Path, cache: Path) -> None:
    """Leave of the data folder only what a job names, where the kernel permits it."""
    if not file_fence.close_data_folder(data, read, (written, cache)):
        missing_fences.append(FILES_MISSING)
    elif data.is_relative_to(tempfile.gettempdir()):
        # Among temporary files none can be made any more beside the data folder.
        tempfile.tempdir = str(written)


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
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OUT_OF_MEMORY_SCORE))
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
    # A hole in a file of a terabyte takes no room, but would let a later reader fill the disk.
    _lower(resource.RLIMIT_FSIZE, shutil.disk_usage(folder).total)
    faulthandler.enable(sys.stderr.fileno())
    faulthandler.register(signal.SIGUSR1, sys.stderr.fileno(), all_threads=True)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (bound, bound))


if __name__ == "__main__":
    # For `studio doctor`: which fences would be missing here.
    confine(network=True)
    if not file_fence.version():
        missing_fences.append(FILES_MISSING)
    print(json.dumps(missing_fences))
