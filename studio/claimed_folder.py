"""One studio per data folder: a lock that the system frees by itself when its holder dies, and safe migrations."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from app import disk_space, migrate, storage
from app.errors import Conflict, Rejected, StudioError
from app.settings import get_settings

LOCK_NAME = "studio.lock"


def check_writable() -> Path:
    """The data folder, made if missing.

    Raises:
        Rejected: it cannot be made, or this user may not write into it.
    """
    folder = get_settings().resolved_data_dir
    try:
        storage.data_dir()
        storage.state_dir()
    except OSError as error:
        raise _not_writable(folder, error.strerror or str(error)) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _not_writable(folder, "this user may not write into it")
    return folder


@contextmanager
def claimed() -> Iterator[Callable[[str], None]]:
    """Hold the data folder for this process; call what is yielded with the address, for a process that comes second.

    Raises:
        Rejected: the folder cannot be written.
        Conflict: another studio runs on it; the message names its process and address.
    """
    check_writable()
    with _open(LOCK_NAME) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(lock) from None
        _tell(lock, "")
        yield partial(_tell, lock)


def bring_up_to_date() -> None:
    """Apply missing migrations; processes that start at the same moment do it one after another.

    Raises:
        Rejected: the data folder cannot be written.
        StudioError: the database cannot be reached.
    """
    check_writable()
    with _open("migrate.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            migrate.upgrade()
        except OperationalError as error:
            raise disk_space.disk_full() if disk_space.is_full(error) else _no_database(error) from None


def running_address() -> str | None:
    """The address of the studio that runs on this data folder, or None when none does."""
    path = get_settings().resolved_data_dir / "state" / LOCK_NAME
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                return json.loads(lock.read())["address"] or None
            except (ValueError, KeyError):
                return None
    return None


def _open(name: str) -> IO[str]:
    path = storage.state_dir() / name
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")


def _tell(lock: IO[str], address: str) -> None:
    lock.seek(0)
    lock.truncate()
    json.dump({"pid": os.getpid(), "address": address, "started_at": time.time()}, lock)
    lock.flush()


def _already_running(lock: IO[str]) -> Conflict:
    folder = get_settings().resolved_data_dir
    try:
        holder = json.loads(lock.read())
        who = f"process {holder['pid']}, {holder['address'] or 'just starting'}"
        hint = f"Open its address, or stop it with `kill {holder['pid']}`; with another STUDIO_DATA_DIR one runs beside it."
    except (ValueError, KeyError):
        who, hint = "it is just starting", "Wait a moment and try again."
    return Conflict("already_running", f"A studio already runs on the data folder {folder} ({who}).", hint)


def _not_writable(folder: Path, reason: str) -> Rejected:
    return Rejected(
        "data_folder",
        f"The data folder {folder} cannot be used: {reason}.",
        "Give this user the right to write there, or set STUDIO_DATA_DIR to another folder.",
    )


def _no_database(error: OperationalError) -> StudioError:
    url = make_url(get_settings().resolved_database_url).render_as_string(hide_password=True)
    reason = str(error.orig).strip().splitlines()[0]
    return StudioError(
        "database_unreachable",
        f"The database {url} cannot be used: {reason.rstrip('.')}.",
        "Start it, or correct STUDIO_DATABASE_URL; `studio doctor` checks it again.",
        status=503,
    )
