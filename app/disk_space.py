"""Space on the disk of the data folder: how much is free, whether an error is about it, and what is said then."""

import errno
import shutil
import sqlite3

from app import storage
from app.errors import DiskFull
from app.languages import decimal
from app.languages import gettext as _
from app.settings import get_settings

# What PostgreSQL answers when its own disk is full.
_POSTGRESQL_FULL = "53100"


def free_bytes() -> int:
    """Bytes that are free on the disk of the data folder."""
    return shutil.disk_usage(storage.data_dir()).free


def check_room(needed_bytes: int = 0) -> None:
    """Refuse what would use the space that ``STUDIO_FREE_DISK_BYTES`` keeps free.

    Args:
        needed_bytes: what is about to be written, as far as it is known.

    Raises:
        DiskFull: too little would be left.
    """
    free = free_bytes()
    if free - needed_bytes < get_settings().free_disk_bytes:
        raise disk_full(free, needed_bytes)


def disk_full(free: int | None = None, needed_bytes: int = 0) -> DiskFull:
    """What is said when there is no room; with how many bytes are free and needed, where that is known."""
    if free is None:
        return DiskFull()
    kept = get_settings().free_disk_bytes
    sizes = _(
        "{free} MB are left, of which {kept} MB are kept for the studio itself.",
        free=decimal(free / 1e6),
        kept=decimal(kept / 1e6),
    )
    needed = _("{needed} MB are needed.", needed=decimal(needed_bytes / 1e6)) if needed_bytes else ""
    return DiskFull(f"{sizes} {needed}".strip(), free_bytes=free, kept_free_bytes=kept)


def is_nearly_full() -> bool:
    """Whether so little is left that a process which ended without a word most likely ended for want of it."""
    return free_bytes() < max(get_settings().free_disk_bytes // 4, 1024**2)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that a disk is full or a quota of it used up."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return True
        if getattr(error, "sqlstate", None) == _POSTGRESQL_FULL:
            return True
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False
