"""The adapter of a finished run: its verified folder, and its download as a streamed zip."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import select

from app import manifest, storage
from app.db import snapshot
from app.errors import Conflict, NotFound
from app.models import ACTIVE_STATES, Artifact, Run
from app.services.accounts.accounts import record

CHUNK_BYTES = 1024 * 1024
# Zip members have a date; with a fixed one the same adapter gives the same bytes every time.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def adapter_folder(user_id: str, run_id: str) -> Path:
    """The finished adapter folder of one's own run.

    Raises:
        NotFound: the run is unknown or somebody else's.
        Conflict: it has no adapter (yet), or the folder is no longer what was recorded.
    """
    with snapshot() as session:
        run = session.scalars(select(Run).where(Run.id == run_id, Run.owner_id == user_id)).first()
        if run is None:
            raise NotFound("run_not_found", f"There is no run {run_id!r} among yours.", "Open it from the Runs page.")
        artifact = session.scalars(
            select(Artifact)
            .where(Artifact.run_id == run_id, Artifact.kind == "adapter")
            .order_by(Artifact.created_at.desc())
        ).first()
        state = run.job.state
    if artifact is None:
        raise _no_adapter(state)
    folder = (storage.data_dir() / artifact.path).resolve()
    contents = folder / manifest.NAME
    inside = folder.is_relative_to(storage.data_dir())
    if not inside or not contents.is_file() or manifest.sha256_of(contents) != artifact.sha256:
        raise _damaged(run_id, "its manifest is missing or changed")
    return folder


def download(user_id: str, run_id: str) -> tuple[str, Iterator[bytes]]:
    """The adapter as a zip stream.

    Returns:
        A safe file name and the chunks of the zip; the same adapter gives the same bytes every time.

    Raises:
        NotFound, Conflict: as :func:`adapter_folder`, and when a file is not what the manifest says.
    """
    folder = adapter_folder(user_id, run_id)
    names = _verified_names(folder, run_id)
    with snapshot() as session:
        title = session.scalar(select(Run.name).where(Run.id == run_id)) or ""
    record(user_id, "download", "run", run_id)
    return _file_name(title, run_id), _zip_chunks(folder, names)


def _verified_names(folder: Path, run_id: str) -> list[str]:
    """Names of the files of the manifest, sorted, after each was checked against its hash; other files are left out."""
    files: dict[str, Any] = storage.read_json(folder / manifest.NAME)["files"]
    for name, recorded in files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder):
            raise _damaged(run_id, f"{name!r} is missing")
        if manifest.sha256_of(path) != _digest(recorded):
            raise _damaged(run_id, f"{name!r} has changed")
    return sorted({*files, manifest.NAME})


def _digest(recorded: Any) -> str:
    return str(recorded["sha256"] if isinstance(recorded, dict) else recorded)


class _ChunkBuffer(io.RawIOBase):
    """A write-only file; what was written is taken out in chunks."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        """True; it can neither be read nor searched."""
        return True

    def write(self, data: Any) -> int:
        """Buffer the bytes until they are taken."""
        self._chunks.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken


def _zip_chunks(folder: Path, names: list[str]) -> Iterator[bytes]:
    buffer = _ChunkBuffer()
    # Weights do not compress; without compression the download is as fast as the disk.
    with zipfile.ZipFile(cast(IO[bytes], buffer), "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, FIXED_DATE)
            entry.external_attr = 0o644 << 16
            entry.file_size = (folder / name).stat().st_size
            with (folder / name).open("rb") as source, archive.open(entry, "w") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    yield buffer.take()
            yield buffer.take()
    yield buffer.take()


def _file_name(title: str, run_id: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower()[:60]
    return f"{cleaned or 'run'}-{run_id[:8]}.zip"


def _no_adapter(state: str) -> Conflict:
    if state in ACTIVE_STATES:
        return Conflict("not_finished", f"This run is {state}; its adapter exists when it has ended.", "Wait for it.")
    return Conflict("no_adapter", f"This run {state} without leaving an adapter.", "Resume it, or start another.")


def _damaged(run_id: str, what: str) -> Conflict:
    return Conflict(
        "adapter_damaged", f"The adapter of run {run_id} cannot be given out: {what}.", "Start the run again."
    )
