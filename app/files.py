"""Atomic writes: a file or folder is written under a temporary name beside its path and renamed when it is complete."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PIECE_BYTES = 1024 * 1024
TEMPORARY_PREFIX = ".aside-"
# The beginnings of names under which something is written that is renamed or removed when it is done.
TEMPORARY_PREFIXES = (TEMPORARY_PREFIX, ".reading-", ".unpacked-")


@contextmanager
def atomic_file(final: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path; what is written there replaces ``final``, or is removed if the block raises.

    Args:
        final: its folder is made if it is missing.
        durable: flush the content before renaming, so that it survives a power cut; a cache can do without.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=final.parent, prefix=TEMPORARY_PREFIX)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if durable:
            flush(temporary)
        os.replace(temporary, final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(final: Path) -> Iterator[Path]:
    """Yield a temporary folder; it is renamed to ``final``, or removed if the block raises.

    Raises:
        OSError: there is a folder with content at ``final``.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix=TEMPORARY_PREFIX))
    try:
        yield temporary
        os.rename(temporary, final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    flush(final.parent)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file's content atomically; see :func:`atomic_file`."""
    with atomic_file(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any, *, indent: int | None = None, durable: bool = True) -> None:
    """Replace a file's content by JSON, atomically; numbers that are not finite raise :class:`ValueError`."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    write_bytes(path, text.encode(), durable=durable)


def sweep_temporary(folder: Path, before: float) -> int:
    """Remove what processes that were killed have left under temporary names anywhere below a folder; returns how many.

    Args:
        before: Unix seconds; what has been changed since may still be in use and stays.
    """
    removed = 0
    for parent, folders, names in os.walk(folder):
        for name in [name for name in (*folders, *names) if name.startswith(TEMPORARY_PREFIXES)]:
            path = Path(parent, name)
            with contextlib.suppress(FileNotFoundError):
                if _changed_at(path) < before:
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                    removed += 1
        folders[:] = [name for name in folders if not name.startswith(TEMPORARY_PREFIXES)]
    return removed


def _changed_at(path: Path) -> float:
    return max(found.lstat().st_mtime for found in (path, *path.rglob("*")))


def pieces(path: Path) -> Iterator[bytes]:
    """The content of a file for a download, ``PIECE_BYTES`` at a time."""
    with path.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield piece


def flush(path: Path) -> None:
    """Make a file's or folder's content survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
