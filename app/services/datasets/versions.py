"""Versions of a dataset: an immutable folder and one row in the database, which are added together or not at all.

A folder holds ``rows.parquet``, ``reading.json``, ``splits.json``, ``report.json``, ``findings.json``, ``lengths.json``,
``tokens.npy`` and, where they apply, ``excluded.json`` and ``changes.json``.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app import files, manifest, storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.languages import gettext as _
from app.languages import stated, storable, translated_json
from app.models import Dataset, DatasetVersion, User, new_id
from app.services.accounts import access
from app.services.accounts.access import TO_CHANGE, TO_LOOK
from app.services.accounts.audit_chain import record
from app.services.datasets.data_reports import NOTHING, DataReport, Exclusions, ReportOptions, build_report
from app.services.datasets.findings import store_findings
from app.services.datasets.progress import NO_PROGRESS, Progress, ProgressCallback, ignore_progress
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, Reading, load_reading
from app.services.profiling.split_plans import SplitPlan, plan_of
from app.services.profiling.splits import SPLITS
from app.services.profiling.token_lengths import load_tokens, store_tokens

EXCLUDED_FILE, CHANGES_FILE, LENGTHS_FILE = "excluded.json", "changes.json", "lengths.json"
TOKENS_FILE = "tokens.npy"


@dataclass(frozen=True)
class VersionDraft:
    """A filled folder that is about to become a version.

    Attributes:
        report: its data report.
        change: JSON description of the change, kept in the database; ``summary`` is one sentence.
        entries: every single change, kept in the folder.
    """

    report: DataReport
    change: dict[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)


# (folder to fill, folder of the newest version) -> what it holds now.
Fill = Callable[[Path, Path], VersionDraft]


@dataclass(frozen=True)
class VersionDescription:
    """One line of the list of versions; the names are those of its JSON form."""

    number: int
    id: str
    created_at: float
    author: str
    change: dict[str, Any]
    rows: int
    usable_rows: int
    status: str
    split_sizes: dict[str, int]
    content_sha256: str


@dataclass(frozen=True)
class ChangePage:
    """A page of the single changes of a version; ``after`` is the cursor of the next one."""

    summary: str
    entries: list[dict[str, Any]]
    total: int
    after: int


def find_dataset(session: Session, user_id: str, dataset_id: str, need: str = TO_LOOK) -> Dataset:
    """The dataset with its versions inside the caller's transaction, for somebody with at least the role ``need``.

    Raises:
        NotFound: it does not exist, or its project is not theirs.
        NotAllowed: their role in its project is too low.
    """
    missing = NotFound(
        "dataset_not_found",
        _("There is no dataset {dataset_id} among yours.", dataset_id=repr(dataset_id[:60])),
        _("Open it from the Data page."),
    )
    return access.find(session, Dataset, dataset_id, user_id, missing, selectinload(Dataset.versions), need=need)


def find_version(user_id: str, dataset_id: str, number: int | None = None, need: str = TO_LOOK) -> DatasetVersion:
    """One version by its number, the newest without one, for somebody with at least the role ``need``.

    Raises:
        NotFound: the dataset is not theirs, or has no such version.
    """
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id, need).versions
    wanted = (
        versions[-1] if number is None else next((version for version in versions if version.number == number), None)
    )
    if wanted is None:
        raise NotFound(
            "version_not_found",
            _("There is no version {amount}.", amount=number),
            _("Versions: 1 to {amount}.", amount=versions[-1].number),
        )
    return wanted


def list_versions(user_id: str, dataset_id: str) -> list[VersionDescription]:
    """Every version, newest first."""
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
        authors = {version.author_id for version in versions if version.author_id}
        names = {user.id: user.name for user in session.scalars(select(User).where(User.id.in_(authors)))}
    return [_describe(version, names.get(version.author_id or "", "")) for version in reversed(versions)]


def _describe(version: DatasetVersion, author: str) -> VersionDescription:
    return VersionDescription(
        number=version.number,
        id=version.id,
        created_at=version.created_at,
        author=author,
        change=change_of(version),
        rows=version.rows,
        usable_rows=version.usable_rows,
        status=version.status,
        split_sizes=version.split_sizes,
        content_sha256=version.content_sha256,
    )


def change_of(version: DatasetVersion) -> dict[str, Any]:
    """What a version changed, with its ``summary`` in the language of the present answer."""
    change = version.change or {"summary": stated("Imported from {file}.", file=version.file_name)}
    found: dict[str, Any] = translated_json(change)
    return found


def read_changes(user_id: str, dataset_id: str, number: int, after: int = 0, limit: int = 100) -> ChangePage:
    """What a version changed: entries ``{"kind", "line", ...}``, a page of them."""
    version = find_version(user_id, dataset_id, number)
    path = storage.dataset_dir(version.id) / CHANGES_FILE
    entries = storage.read_json(path)["entries"] if path.exists() else []
    page = entries[after : after + limit]
    return ChangePage(change_of(version)["summary"], page, len(entries), after + len(page))


def restore(user_id: str, dataset_id: str, number: int, *, progress: Progress = NO_PROGRESS) -> Dataset:
    """Add a version with the content of version ``number``; those in between stay."""
    wanted = find_version(user_id, dataset_id, number)

    def fill(folder: Path, newest_folder: Path) -> VersionDraft:
        source = storage.dataset_dir(wanted.id)
        for name in (ROWS_FILE, READING_FILE):
            link_or_copy(source / name, folder / name)
        splits = storage.read_json(source / "splits.json")
        options = ReportOptions(
            task_type=wanted.task_type,
            columns=wanted.columns,
            excluded=load_exclusions(source),
            previous_splits=splits,
            plan=plan_of(splits),
            known_tokens=load_tokens(source / TOKENS_FILE),
        )
        report = write_report(folder, load_reading(folder), options, progress.report)
        return VersionDraft(report, {"summary": stated("Back to version {number}.", number=number), "restored": number})

    return add_version(user_id, dataset_id, fill, action="restore", progress=progress)


def change_splits(user_id: str, dataset_id: str, plan: SplitPlan, *, progress: Progress = NO_PROGRESS) -> Dataset:
    """Add a version of the same rows with other splits; scores of runs before and after cannot be compared.

    Raises:
        Rejected: the rows cannot be split in this way.
    """
    newest = find_version(user_id, dataset_id)

    def fill(folder: Path, newest_folder: Path) -> VersionDraft:
        for name in (ROWS_FILE, READING_FILE):
            link_or_copy(newest_folder / name, folder / name)
        options = ReportOptions(
            task_type=newest.task_type,
            columns=newest.columns,
            excluded=load_exclusions(newest_folder),
            plan=plan,
            known_tokens=load_tokens(newest_folder / TOKENS_FILE),
        )
        report = write_report(folder, load_reading(folder), options, progress.report)
        return VersionDraft(report, {"summary": stated("Split again: {how}.", how=(report.splits or {})["how"])})

    return add_version(user_id, dataset_id, fill, action="change_splits", progress=progress)


def read_splits(version: DatasetVersion) -> dict[str, Any]:
    """``{"how", "plan", "sizes"}`` of a version."""
    splits = storage.read_json(storage.dataset_dir(version.id) / "splits.json")
    return {"how": splits["how"], "plan": asdict(plan_of(splits)), "sizes": version.split_sizes}


def add_version(
    user_id: str,
    dataset_id: str,
    fill: Fill,
    *,
    action: str,
    expected: int | None = None,
    progress: Progress = NO_PROGRESS,
) -> Dataset:
    """Add the next version of a dataset.

    Args:
        fill: fills the new folder from that of the newest version.
        action: word for the audit log.
        expected: number of the version that the change was made on; the newest one if left out.

    Raises:
        Conflict: somebody else changed the dataset in the meantime.
        Rejected: the changed rows cannot be used; no version is added.
    """
    newest = find_version(user_id, dataset_id, need=TO_CHANGE)
    if expected is not None and expected != newest.number:
        raise _stale()
    version_id = new_id()
    with _removed_on_error(storage.dataset_dir(version_id)) as folder:
        with files.atomic_folder(folder) as aside:
            draft = fill(aside, storage.dataset_dir(newest.id))
            files.write_bytes(aside / CHANGES_FILE, json.dumps({"entries": draft.entries}, ensure_ascii=False).encode())
            version = make_version(version_id, aside, load_reading(aside), draft.report, user_id, draft.change)
        version.dataset_id, version.number, version.source = dataset_id, newest.number + 1, newest.source
        try:
            with transaction() as session:
                session.add(version)
                session.flush()
                progress.conclude(session, dataset_id, version.number)
                record(session, user_id, action, "dataset", dataset_id, data={"version": version.number})
        except IntegrityError:
            raise _stale() from None
    with snapshot() as session:
        return find_dataset(session, user_id, dataset_id)


def report_of(version: DatasetVersion) -> dict[str, Any]:
    """The public report of a version, in the language of the present answer."""
    found: dict[str, Any] = translated_json(version.report)
    return found


def write_report(
    folder: Path, reading: Reading, options: ReportOptions, on_progress: ProgressCallback = ignore_progress
) -> DataReport:
    """Check the rows in a folder; write report, splits, findings and lengths beside them.

    Raises:
        Rejected: the rows cannot be used.
    """
    report = build_report(folder, reading, options, on_progress)
    if report.refusal:
        raise report.refusal
    files.write_json(folder / "splits.json", report.splits)
    files.write_json(folder / "report.json", storable(report.summary.as_dict()))
    files.write_json(folder / LENGTHS_FILE, report.lengths.as_dict())
    store_tokens(folder / TOKENS_FILE, report.tokens)
    store_findings(folder, report.findings)
    excluded = report.excluded
    if excluded.count:
        files.write_json(folder / EXCLUDED_FILE, {"ids": sorted(excluded.ids), "lost": sorted(excluded.lost)})
    return report


def load_exclusions(folder: Path) -> Exclusions:
    """The rows that were left out of the version in this folder."""
    path = folder / EXCLUDED_FILE
    if not path.exists():
        return NOTHING
    stored = storage.read_json(path)
    lost = frozenset((bool(evaluation), line) for evaluation, line in stored["lost"])
    return Exclusions(frozenset(stored["ids"]), lost)


def make_version(
    version_id: str,
    folder: Path,
    reading: Reading,
    report: DataReport,
    author_id: str,
    change: dict[str, Any] | None = None,
) -> DatasetVersion:
    """The row in the database for a filled folder."""
    splits, summary = report.splits or {}, report.summary
    return DatasetVersion(
        id=version_id,
        number=1,
        file_name=reading.main.file_name,
        format=reading.main.format,
        encoding=reading.main.encoding,
        content_sha256=_content_sha256(folder, report),
        bytes=sum(part.bytes for part in reading.parts),
        rows=summary.total,
        usable_rows=summary.usable,
        status=summary.status,
        task_type=report.task.kind,
        columns=summary.columns,
        labels=summary.labels,
        split_sizes={name: len(splits[name]) for name in SPLITS},
        report=storable(summary.as_dict()),
        author_id=author_id,
        change=storable(change),
    )


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file of a version, which never changes; copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _removed_on_error(folder: Path) -> Iterator[Path]:
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _content_sha256(folder: Path, report: DataReport) -> str:
    """Hash of what a trainer reads: the rows, the task, the columns of its roles, and the splits."""
    meaning = json.dumps([report.task.kind, report.columns, report.splits], sort_keys=True)
    rows = manifest.sha256_of(folder / ROWS_FILE)
    return hashlib.sha256(f"{rows}\n{meaning}".encode()).hexdigest()


def _stale() -> Conflict:
    return Conflict(
        "stale_dataset", _("The dataset was changed in the meantime."), _("Open it again and repeat your change.")
    )
