"""What a training process does to itself before it touches anybody's data: no network, limits, a folder of its own.

Must not import torch: some of it works only before the first thread is started.
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

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SET_FLAGS, _INTERFACE_UP = 0x8914, 0x1
OPEN_FILES = 4096
MEMORY_VARIABLE = "TRAINER_MEMORY_BYTES"


def close_network() -> bool:
    """Move into a network that leads nowhere, where the kernel permits it; returns whether it did.

    It has nothing but a loop of its own, on which the processes of one run can talk to each other.

    An ordinary user may do so inside a user namespace, in which its own ids are kept.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNET) == 0:
        _open_loop()
        return True
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _open_loop()
    return True


def _open_loop() -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", _INTERFACE_UP))


def set_limits() -> None:
    """No core dumps, a bounded number of open files, and the address space that the operator allows."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    most = int(os.environ.pop(MEMORY_VARIABLE, "0"))
    if most:
        _lower(resource.RLIMIT_AS, most)


def settle(folder: Path) -> None:
    """From here on the run's folder is where this process works, and everything printed, by C code too, is its log.

    The signal SIGUSR1 writes every thread's stack to that log; a supervisor sends it to a trainer that hangs.
    """
    log = os.open(folder / "trainer.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.dup2(log, sys.stdout.fileno())
    os.chdir(folder)
    faulthandler.enable(sys.stderr.fileno())
    faulthandler.register(signal.SIGUSR1, sys.stderr.fileno(), all_threads=True)


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (bound, bound))
