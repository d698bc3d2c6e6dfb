"""Versions of a dataset: folders that never change, each with one row in the database; both appear, or neither.

A folder holds ``rows.parquet``, ``reading.json``, ``splits.json``, ``report.json``, ``findings.json``, ``excluded.json``
and, where something changed since the version before, ``changes.json``. Knows no door.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app import files, manifest, storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.models import Dataset, DatasetVersion, User, new_id
from app.services.accounts.accounts import record
from app.services.datasets.data_reports import NOTHING, DataReport, Exclusions, build_report
from app.services.datasets.findings import store_findings
from app.services.datasets.progress import NO_PROGRESS, Progress, Tell, silent
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, Reading, load_reading
from app.services.profiling.split_plans import SplitPlan, plan_of
from app.services.profiling.splits import SPLITS
from app.services.profiling.token_lengths import load_tokens, store_tokens

EXCLUDED_FILE, CHANGES_FILE, LENGTHS_FILE = "excluded.json", "changes.json", "lengths.json"
TOKENS_FILE = "tokens.npy"
Fill = Callable[[Path, Path], tuple[DataReport, dict[str, Any], dict[str, Any]]]


def find_dataset(session: Session, user_id: str, dataset_id: str) -> Dataset:
    """The dataset with its versions inside the caller's transaction; somebody else's looks like a missing one."""
    query = select(Dataset).where(Dataset.id == dataset_id, Dataset.owner_id == user_id)
    dataset = session.scalar(query.options(selectinload(Dataset.versions)))
    if dataset is None:
        raise NotFound(
            "dataset_not_found", f"There is no dataset {dataset_id[:60]!r} among yours.", "Open it from the Data page."
        )
    return dataset


def find_version(user_id: str, dataset_id: str, number: int | None = None) -> DatasetVersion:
    """One version by its number, the newest without one.

    Raises:
        NotFound: the dataset is not theirs, or has no such version.
    """
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
    wanted = versions[-1] if number is None else next((each for each in versions if each.number == number), None)
    if wanted is None:
        raise NotFound("version_not_found", f"There is no version {number}.", f"Versions: 1 to {versions[-1].number}.")
    return wanted


def list_versions(user_id: str, dataset_id: str) -> list[dict[str, Any]]:
    """Every version, newest first: ``{"number", "created_at", "author", "change", "rows", "usable_rows", ...}``."""
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
        authors = {each.author_id for each in versions if each.author_id}
        names = {each.id: each.name for each in session.scalars(select(User).where(User.id.in_(authors)))}
    return [version_as_dict(each, names.get(each.author_id or "", "")) for each in reversed(versions)]


def version_as_dict(version: DatasetVersion, author: str) -> dict[str, Any]:
    """One line of the version list."""
    return {
        "number": version.number,
        "id": version.id,
        "created_at": version.created_at,
        "author": author,
        "change": version.change or {"summary": f"Imported from {version.file_name}."},
        "rows": version.rows,
        "usable_rows": version.usable_rows,
        "status": version.status,
        "split_sizes": version.split_sizes,
        "content_sha256": version.content_sha256,
    }


def read_changes(user_id: str, dataset_id: str, number: int, after: int = 0, limit: int = 100) -> dict[str, Any]:
    """What a version changed: ``{"summary", "entries": [{"kind", "line", ...}], "total", "after"}``, a page of it."""
    version = find_version(user_id, dataset_id, number)
    path = storage.dataset_dir(version.id) / CHANGES_FILE
    entries = storage.read_json(path)["entries"] if path.exists() else []
    page = entries[after : after + limit]
    told = version_as_dict(version, "")["change"]
    return {"summary": told["summary"], "entries": page, "total": len(entries), "after": after + len(page)}


def restore(user_id: str, dataset_id: str, number: int, *, watch: Progress = NO_PROGRESS) -> Dataset:
    """A new version that is what version ``number`` was; nothing in between is lost."""
    wanted = find_version(user_id, dataset_id, number)

    def fill(aside: Path, before: Path) -> tuple[DataReport, dict[str, Any], dict[str, Any]]:
        source = storage.dataset_dir(wanted.id)
        for name in (ROWS_FILE, READING_FILE):
            share(source / name, aside / name)
        reading = load_reading(aside)
        excluded = load_exclusions(source)
        old_splits = storage.read_json(source / "splits.json")
        judgement = judge_into(
            aside,
            reading,
            wanted.task_type,
            wanted.columns,
            old_splits["seed"],
            excluded=excluded,
            before=old_splits,
            plan=plan_of(old_splits),
            tokens=load_tokens(source / TOKENS_FILE),
            tell=watch.tell,
        )
        return judgement, {"summary": f"Back to version {number}.", "restored": number}, {"entries": []}

    return add_version(user_id, dataset_id, fill, action="restore", watch=watch)


def change_splits(user_id: str, dataset_id: str, plan: SplitPlan, *, watch: Progress = NO_PROGRESS) -> Dataset:
    """A new version of the same rows, dealt out anew; scores of runs before and after cannot be compared.

    Raises:
        Rejected: the rows cannot be dealt out in this way.
    """
    newest = find_version(user_id, dataset_id)

    def fill(aside: Path, before: Path) -> tuple[DataReport, dict[str, Any], dict[str, Any]]:
        for name in (ROWS_FILE, READING_FILE):
            share(before / name, aside / name)
        judgement = judge_into(
            aside,
            load_reading(aside),
            newest.task_type,
            newest.columns,
            plan.seed,
            excluded=load_exclusions(before),
            plan=plan,
            tokens=load_tokens(before / TOKENS_FILE),
            tell=watch.tell,
        )
        how = (judgement.splits or {})["how"]
        return judgement, {"summary": f"Dealt out anew: {how}."}, {"entries": []}

    return add_version(user_id, dataset_id, fill, action="change_splits", watch=watch)


def read_splits(version: DatasetVersion) -> dict[str, Any]:
    """``{"how", "plan", "sizes"}`` of a version."""
    dealt = storage.read_json(storage.dataset_dir(version.id) / "splits.json")
    return {"how": dealt["how"], "plan": asdict(plan_of(dealt)), "sizes": version.split_sizes}


def add_version(
    user_id: str,
    dataset_id: str,
    fill: Fill,
    *,
    action: str,
    expected: int | None = None,
    watch: Progress = NO_PROGRESS,
) -> Dataset:
    """Make the next version of a dataset.

    Args:
        fill: fills a folder, given that of the newest version; returns how it was judged, what to say about the change
            (kept in the database) and every single change (kept in the folder).
        action: word for the audit log.
        expected: the number that the person was looking at; the newest one if left out.
        watch: whoever waits for it.

    Raises:
        Conflict: somebody else changed the dataset in the meantime.
        Rejected: the rows cannot be used as they would be; no version is made.
    """
    before = find_version(user_id, dataset_id)
    if expected is not None and expected != before.number:
        raise _stale()
    version_id = new_id()
    with _kept_or_removed(storage.dataset_dir(version_id)) as folder:
        with files.atomic_folder(folder) as aside:
            judgement, change, changes = fill(aside, storage.dataset_dir(before.id))
            files.write_bytes(aside / CHANGES_FILE, json.dumps(changes, ensure_ascii=False).encode())
            version = make_version(version_id, aside, load_reading(aside), judgement, user_id, change)
        version.dataset_id, version.number = dataset_id, before.number + 1
        try:
            with transaction() as session:
                session.add(version)
                session.flush()
                watch.conclude(session, dataset_id, version.number)
        except IntegrityError:
            raise _stale() from None
    record(user_id, action, "dataset", dataset_id, data={"version": version.number})
    with snapshot() as session:
        return find_dataset(session, user_id, dataset_id)


def judge_into(
    folder: Path,
    reading: Reading,
    task_type: str | None,
    columns: dict[str, str] | None,
    seed: int,
    *,
    excluded: Exclusions = NOTHING,
    before: dict[str, Any] | None = None,
    plan: SplitPlan | None = None,
    tokens: dict[int, int] | None = None,
    tell: Tell = silent,
) -> DataReport:
    """Judge the rows in a folder and write everything that was found beside them.

    Raises:
        Rejected: the rows cannot be used.
    """
    judgement = build_report(
        folder,
        reading,
        task_type,
        columns,
        seed,
        excluded=excluded,
        before=before,
        plan=plan,
        tokens=tokens,
        tell=tell,
    )
    if judgement.refusal:
        raise judgement.refusal
    files.write_json(folder / "splits.json", judgement.splits)
    files.write_json(folder / "report.json", judgement.report)
    files.write_json(folder / LENGTHS_FILE, judgement.lengths)
    store_tokens(folder / TOKENS_FILE, judgement.tokens)
    store_findings(folder, judgement.findings)
    if excluded.count:
        files.write_json(folder / EXCLUDED_FILE, {"ids": sorted(excluded.ids), "lost": sorted(excluded.lost)})
    return judgement


def load_exclusions(folder: Path) -> Exclusions:
    """What was left out of the version in this folder."""
    path = folder / EXCLUDED_FILE
    if not path.exists():
        return NOTHING
    told = storage.read_json(path)
    return Exclusions(frozenset(told["ids"]), frozenset((bool(own), line) for own, line in told["lost"]))


def make_version(
    version_id: str,
    folder: Path,
    reading: Reading,
    judgement: DataReport,
    author_id: str,
    change: dict[str, Any] | None = None,
) -> DatasetVersion:
    """The database's row for a filled folder."""
    dealt = judgement.splits or {}
    return DatasetVersion(
        id=version_id,
        number=1,
        file_name=reading.main.file_name,
        format=reading.main.format,
        encoding=reading.main.encoding,
        content_sha256=_content_sha256(folder, judgement),
        bytes=sum(part.bytes for part in reading.parts),
        rows=judgement.report["rows"]["total"],
        usable_rows=judgement.report["rows"]["usable"],
        status=judgement.report["status"],
        task_type=judgement.task.kind,
        columns=judgement.columns,
        labels=judgement.labels,
        split_sizes={name: len(dealt[name]) for name in SPLITS},
        report=judgement.report,
        author_id=author_id,
        change=change,
    )


def share(source: Path, target: Path) -> None:
    """The same file under a second name where the file system can, since it never changes; else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _kept_or_removed(folder: Path) -> Iterator[Path]:
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _content_sha256(folder: Path, judgement: DataReport) -> str:
    """Names what a trainer would see: the rows, what the columns mean, and the splits."""
    meaning = json.dumps([judgement.task.kind, judgement.columns, judgement.splits], sort_keys=True)
    rows = manifest.sha256_of(folder / ROWS_FILE)
    return hashlib.sha256(f"{rows}\n{meaning}".encode()).hexdigest()


def _stale() -> Conflict:
    return Conflict(
        "stale_dataset", "The dataset was changed in the meantime.", "Open it again and repeat your change."
    )
