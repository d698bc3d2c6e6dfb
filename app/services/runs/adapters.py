"""The adapter of a finished run: its verified folder, and its download as a streamed zip."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import select

from app import manifest, storage
from app.db import snapshot, try_write
from app.errors import Conflict
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Artifact, Run
from app.outside_names import fault
from app.services.accounts.audit_chain import record
from app.services.runs.runs import find as find_run

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
        run = find_run(session, user_id, run_id)
        artifact = session.scalars(
            select(Artifact)
            .where(Artifact.run_id == run_id, Artifact.kind == "adapter")
            .order_by(Artifact.created_at.desc())
        ).first()
        state = run.job.state
    if artifact is None:
        raise _no_adapter(state)
    folder = storage.recorded_path(artifact.path).resolve()
    contents = folder / manifest.NAME
    if not contents.is_file() or manifest.sha256_of(contents) != artifact.sha256:
        raise _damaged(run_id, _("its manifest is missing or changed"))
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
    _record_download(user_id, run_id)
    return _file_name(title, run_id), _zip_chunks(folder, names)


def _record_download(user_id: str, run_id: str) -> None:
    """Add it to the audit trail; a full disk or a busy database does not keep anybody from what is theirs."""
    what = f"a download of the run {run_id} by the user {user_id}"
    try_write(lambda session: record(session, user_id, "download", "run", run_id), what)


def _verified_names(folder: Path, run_id: str) -> list[str]:
    """Names of the files of the manifest, sorted, after each was checked against its hash; other files are left out."""
    files: dict[str, Any] = storage.read_json(folder / manifest.NAME)["files"]
    for name, recorded in files.items():
        path = folder / name
        if fault(name) or path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder):
            raise _damaged(run_id, _("{name} is missing", name=repr(name)))
        if manifest.sha256_of(path) != _digest(recorded):
            raise _damaged(run_id, _("{name} has changed", name=repr(name)))
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
        return Conflict(
            "not_finished",
            _("This run is {state}; its adapter exists when it has ended.", state=state),
            _("Wait for it."),
        )
    return Conflict(
        "no_adapter", _("This run {state} without leaving an adapter.", state=state), _("Resume it, or start another.")
    )


def _damaged(run_id: str, what: str) -> Conflict:
    return Conflict(
        "adapter_damaged",
        _("The adapter of run {run_id} cannot be given out: {what}.", run_id=run_id, what=what),
        _("Start the run again."),
    )
