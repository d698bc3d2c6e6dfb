"""The files that a trainer may read and write, held by the kernel (Landlock): none of other runs, the database or the queue.

The fence is put up when the job is known, before anything of it is read. Outside of the data folder all may be read, and only
places for temporary files and caches written. Must not import torch.
"""

import ctypes
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_QUESTION, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38

# Access rights of linux/landlock.h.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# Remove folders and files, make anything.
_CHANGE = sum(1 << bit for bit in range(4, 13))
# Rename between folders, since the second version, and shorten a file, since the third.
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_READ, _ON_FILES = _EXECUTE | _READ_FILE | _READ_DIR, _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

# Of the user's own folder: caches that libraries fill.
CACHES = (".cache", ".triton", ".nv", ".config")
_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Version of Landlock in this kernel; 0 if it has none or does not permit it."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_QUESTION))))


def close_data_folder(data: Path, read: Iterable[Path], written: Iterable[Path]) -> bool:
    """Leave of the data folder only these, for this thread, those it starts and their processes; returns whether it is so.

    Threads that run already keep their rights: those of the libraries, which compute.
    """
    return _restrict(data, [*_beside(data), *read], written)


def _restrict(data: Path, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    found = version()
    if not found:
        return False
    write = _WRITE_FILE | _CHANGE | (_REFER if found >= 2 else 0) | (_TRUNCATE if found >= 3 else 0)
    attributes = _Ruleset(_READ | write)
    rules = _libc.syscall(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)), ctypes.c_uint32(0)
    )
    if rules < 0:
        return False
    try:
        for path in readable:
            _allow(rules, path, _READ)
        for path in (*_scratch(data), *writable):
            _allow(rules, path, _READ | write)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(_libc.syscall(_RESTRICT_SELF, rules, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there, or not ours to see, needs no rule
    try:
        if not path.is_dir():
            rights &= _ON_FILES
        rule = _Beneath(rights, opened)
        _libc.syscall(_ADD_RULE, rules, ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(opened)


def _beside(data: Path) -> Iterator[Path]:
    """Everything outside of the data folder: rules only permit, so its neighbours are named at each level above it.

    Links are left out: where they lead is named by itself, unless it is the data folder or a folder around it.
    """
    inside = data
    for above in data.parents:
        try:
            yield from (entry for entry in above.iterdir() if entry != inside and not entry.is_symlink())
        except OSError:
            pass  # a folder that may be passed through but not listed
        inside = above


def _scratch(data: Path) -> Iterator[Path]:
    """Where libraries write: devices, temporary files, caches; neighbours of the data folder where it lies inside of one."""
    for place in (Path("/dev"), Path("/tmp"), Path(tempfile.gettempdir()), *(Path.home() / name for name in CACHES)):
        if not data.is_relative_to(place.resolve()):
            yield place
