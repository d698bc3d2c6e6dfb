"""Backup of a running installation into one file, and restore into an empty one.

A zip with one JSON Lines file per table, the files that rows name, and a manifest with hashes, written last. Rows are read
in one transaction; the row of a file that is gone by the time it is copied is left out. Tokens, sessions and passwords are in
it as hashes, secrets of authenticators as they are.
"""

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, delete, func, inspect, select, text, update

from app import files, manifest, storage
from app.catalog.base_models import base_models
from app.db import Base, db_now, dialect, get_engine, transaction
from app.errors import Conflict, Rejected
from app.models import CLAIMED, QUEUED, RUNNING, ApiToken, BrowserSession, Job, Run, SignInLink
from app.models_shares import Share
from app.outside_names import path_inside
from app.services.operations import invariants

FORMAT = 1
INSERT_ROWS = 1000
# Folders of the data folder whose files a backup brings back; no other name is accepted in one.
KEPT_FOLDERS = ("datasets", "runs", "batch-predictions")
# Registered processes belong to the running installation, not to its data.
LEFT_OUT = frozenset({"workers", "inference_servers"})


@dataclass(frozen=True)
class BackupSummary:
    """Rows and files in a backup, and its size on disk."""

    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class RestoreSummary:
    """Rows and files that a backup brought back, and the fetched base models that its runs need and that are not there."""

    rows: int
    files: int
    missing_models: tuple[str, ...]


def make(target: Path) -> BackupSummary:
    """Write a backup to ``target``.

    Raises:
        Conflict: there is a file of that name already.
    """
    if target.exists():
        raise Conflict("file_exists", f"{target} exists already.", "Choose another name; nothing is overwritten.")
    with (
        tempfile.TemporaryDirectory(dir=storage.state_dir()) as scratch,
        files.atomic_file(target) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        rows, count = _write(archive, Path(scratch))
    return BackupSummary(rows, count, target.stat().st_size)


def restore(source: Path, upgrade: Callable[[str], None], *, keep_tokens: bool = False) -> RestoreSummary:
    """Fill an empty installation from a backup; jobs that were active then are queued again.

    Args:
        upgrade: brings the database to a revision (``app.migrate.upgrade``).
        keep_tokens: API tokens, sessions and links that were open go on working. Otherwise they end, since whoever has seen the
            old installation may hold one.

    Raises:
        Conflict: this installation is not empty.
        Rejected: the file is not a backup, is damaged, or does not hold together.
    """
    with _opened(source) as archive:
        contents = _verified(archive, source)
        storage.data_dir()
        if inspect(get_engine()).get_table_names():
            raise Conflict(
                "not_empty",
                "This installation already has a database; a backup goes into an empty one only.",
                "Point STUDIO_DATA_DIR and STUDIO_DATABASE_URL to an empty place.",
            )
        _unpack(archive, [name for name in contents["members"] if name.startswith("files/")])
        upgrade(contents["revision"])
        rows = _insert(archive, contents["tables"])
        upgrade("head")
    _release_jobs()
    if not keep_tokens:
        _end_access()
    found = invariants.violations()
    if found:
        raise Rejected("backup_inconsistent", f"What was restored does not hold together: {found[0]}", "Use another.")
    return RestoreSummary(rows, len(contents["members"]) - len(contents["tables"]), _missing_models())


def _write(archive: zipfile.ZipFile, scratch: Path) -> tuple[int, int]:
    """Fill the archive; returns how many rows and files it holds."""
    revision, counts = _dump(scratch)
    members: dict[str, dict[str, Any]] = {}
    folders = [
        *(storage.dataset_dir(row["id"]) for row in _lines(scratch / "dataset_versions.jsonl")),
        *(storage.batch_prediction_dir(row["id"]) for row in _lines(scratch / "batch_predictions.jsonl")),
    ]
    file_count = sum(_add_folder(archive, members, folder) for folder in folders)
    # A checkpoint may have been replaced by a newer one since its row was read.
    for table in ("checkpoints", "artifacts"):
        kept = []
        for row in _lines(scratch / f"{table}.jsonl"):
            added = _add_if_whole(archive, members, storage.recorded_path(row["path"]), row["sha256"])
            file_count += added
            kept += [row] if added else []
        counts[table] = len(kept)
        (scratch / f"{table}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    for table in counts:
        _add(archive, members, scratch / f"{table}.jsonl", f"tables/{table}.jsonl")
    contents = {"format": FORMAT, "revision": revision, "tables": list(counts), "members": members}
    archive.writestr("manifest.json", json.dumps(contents))
    return sum(counts.values()), file_count


def _dump(scratch: Path) -> tuple[str, dict[str, int]]:
    """Every table as JSON Lines, read in one transaction; returns the schema revision and rows by table."""
    counts = {}
    engine = get_engine()
    if dialect().name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        for table in Base.metadata.sorted_tables:
            if table.name in LEFT_OUT:
                continue
            counts[table.name] = 0
            with (scratch / f"{table.name}.jsonl").open("w", encoding="utf-8") as out:
                for row in connection.execution_options(yield_per=INSERT_ROWS).execute(select(table)).mappings():
                    out.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
                    counts[table.name] += 1
    return revision, counts


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as source:
        for line in source:
            yield json.loads(line)


def _add_folder(archive: zipfile.ZipFile, members: dict[str, dict[str, Any]], folder: Path) -> int:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in paths:
        _add(archive, members, path, "files/" + path.relative_to(storage.data_dir()).as_posix())
    return len(paths)


def _add_if_whole(archive: zipfile.ZipFile, members: dict[str, dict[str, Any]], path: Path, sha256: str) -> int:
    """Add a file or folder only if it matches the hash of its row; a folder is copied first, since it may be deleted meanwhile."""
    if path.is_file():
        return _add(archive, members, path, "files/" + path.relative_to(storage.data_dir()).as_posix())
    with tempfile.TemporaryDirectory(dir=storage.state_dir()) as scratch:
        copy = Path(scratch) / "copy"
        try:
            shutil.copytree(path, copy)
        except (OSError, shutil.Error):
            return 0
        if not manifest.holds(copy, sha256):
            return 0
        for copied in sorted(found for found in copy.rglob("*") if found.is_file()):
            name = (path / copied.relative_to(copy)).relative_to(storage.data_dir()).as_posix()
            _add(archive, members, copied, f"files/{name}")
    return 1


def _add(archive: zipfile.ZipFile, members: dict[str, dict[str, Any]], path: Path, name: str) -> int:
    if name not in members:
        compression = zipfile.ZIP_DEFLATED if name.startswith("tables/") else zipfile.ZIP_STORED
        archive.write(path, name, compression)
        members[name] = {"bytes": path.stat().st_size, "sha256": manifest.sha256_of(path)}
    return 1


def _opened(source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise Rejected(
            "not_a_backup", f"{source} cannot be read as a backup: {error}.", "Choose another file."
        ) from None


def _verified(archive: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    """The manifest, after every member was checked for a safe name, its size and its hash."""
    try:
        contents: dict[str, Any] = json.loads(archive.read("manifest.json"))
        if contents["format"] != FORMAT or set(archive.namelist()) != {*contents["members"], "manifest.json"}:
            raise KeyError("members")
    except (KeyError, ValueError):
        raise Rejected("not_a_backup", f"{source} is not a complete backup of a studio.", "Choose another.") from None
    for name, facts in contents["members"].items():
        path_inside(storage.data_dir(), name)
        if (
            not name.startswith(("tables/", *(f"files/{folder}/" for folder in KEPT_FOLDERS)))
            or archive.getinfo(name).file_size != facts["bytes"]
            or _hash(archive, name) != facts["sha256"]
        ):
            raise Rejected("backup_damaged", f"{name!r} in {source} is not what was written.", "Use another backup.")
    return contents


def _hash(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as source:
        while chunk := source.read(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()


def _unpack(archive: zipfile.ZipFile, names: list[str]) -> None:
    for name in names:
        target = path_inside(storage.data_dir(), name.removeprefix("files/"))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with archive.open(name) as source, target.open("xb") as out:
            shutil.copyfileobj(source, out)


def _insert(archive: zipfile.ZipFile, names: list[str]) -> int:
    """Rows go into the tables as they were in the backup's revision; migrations bring them forward afterwards."""
    tables = MetaData()
    tables.reflect(get_engine())
    rows = 0
    with get_engine().begin() as connection:
        for name in names:
            with archive.open(f"tables/{name}.jsonl") as source:
                batch: list[dict[str, Any]] = []
                for line in source:
                    batch.append(json.loads(line))
                    if len(batch) == INSERT_ROWS:
                        connection.execute(tables.tables[name].insert(), batch)
                        rows, batch = rows + len(batch), []
                if batch:
                    connection.execute(tables.tables[name].insert(), batch)
                    rows += len(batch)
            if connection.dialect.name == "postgresql" and "seq" in tables.tables[name].columns:
                connection.execute(select(func.setval(_sequence(name), _next(tables.tables[name]), False)))
    return rows


def _sequence(table: str) -> Any:
    return func.pg_get_serial_sequence(table, "seq")


def _next(table: Table) -> Any:
    return select(func.coalesce(func.max(table.c.seq), 0) + 1).scalar_subquery()


def _release_jobs() -> None:
    """Queue the jobs that were claimed or running when the backup was made."""
    held = Job.state.in_((CLAIMED, RUNNING))
    values = {"state": QUEUED, "fence": Job.fence + 1, "lease_until": None, "notified_at": None, "not_before": db_now()}
    with transaction() as session:
        session.execute(update(Job).where(held).values({**values, "phase": "Waiting in the queue"}))


def _end_access() -> None:
    """Revoke API tokens and read-only links, and end sessions and unused sign-in links."""
    with transaction() as session:
        for table in (ApiToken, Share):
            session.execute(update(table).where(table.revoked_at.is_(None)).values(revoked_at=db_now()))
        for ended in (BrowserSession, SignInLink):
            session.execute(delete(ended))


def _missing_models() -> tuple[str, ...]:
    with transaction() as session:
        used = set(session.scalars(select(Run.base_model).distinct()))
    return tuple(sorted(used - {card.name for card in base_models()}))
