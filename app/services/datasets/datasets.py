"""The datasets of a person: check a file without storing it, import a sample, list, preview, change columns, rename, archive
and take out of the archive."""

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import storage
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import NotFound, StudioError
from app.languages import stated, translated_json
from app.models import Dataset, DatasetVersion
from app.readers import Choices
from app.samples import SAMPLES, Sample, sample_path
from app.services.accounts import access, names
from app.services.accounts.access import TO_CHANGE, TO_LOOK
from app.services.accounts.audit_chain import record
from app.services.datasets.column_choice import describe_columns
from app.services.datasets.data_reports import ReportOptions, build_report, refused_report
from app.services.datasets.imports import import_file
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.remembered_columns import ColumnMeaning, remember
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, load_reading, read_rows, store_rows
from app.services.datasets.versions import (
    VersionDraft,
    add_version,
    find_dataset,
    link_or_copy,
    load_exclusions,
    write_report,
)
from app.services.profiling.split_plans import SplitPlan

__all__ = [
    "SAMPLES",
    "archive",
    "as_dict",
    "change_columns",
    "check_file",
    "get_dataset",
    "import_file",
    "import_sample",
    "latest_version",
    "list_datasets",
    "preview",
    "rename",
    "require",
    "unarchive",
]


def check_file(
    path: Path,
    file_name: str,
    *,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    choices: Choices | None = None,
    answer: str | None = None,
) -> dict[str, Any]:
    """The report of a file (``status``, ``rows``, ``columns``, ``labels``, ``problems``, ...); nothing is stored.

    Raises:
        Rejected: there is no such task type. Everything wrong with the file itself is in the report.
    """
    if task_type:
        find_task_type(task_type)
    with tempfile.TemporaryDirectory(prefix="studio-check-") as folder:
        reading = None
        try:
            reading = store_rows(Path(folder), (path, file_name), choices=choices)
            options = ReportOptions(task_type=task_type, columns=columns, answer=answer, obey_marks=True)
            return build_report(Path(folder), reading, options).summary.as_dict()
        except StudioError as error:
            return refused_report(error, file_name, task_type, reading).as_dict()


def import_sample(user_id: str, name: str) -> Dataset:
    """Import a sample that comes with the studio as a dataset of this person.

    Raises:
        NotFound: there is no such sample.
    """
    sample = next((sample for sample in SAMPLES if sample.name == name), None)
    if sample is None:
        known = ", ".join(sample.name for sample in SAMPLES)
        raise NotFound(
            "sample_not_found",
            stated("There is no sample called {name}.", name=repr(name[:60])),
            stated("Samples: {names}.", names=known),
        )
    return _import_sample(user_id, sample)


def list_datasets(user_id: str, *, archived: bool = False, project_id: str = "", need: str = TO_LOOK) -> list[Dataset]:
    """The datasets that the person may see with their versions, newest first: those in use, or those that were archived.

    Args:
        project_id: only those of this project; empty for all.
        need: the least role in their project.
    """
    query = (
        select(Dataset)
        .where(access.visible(Dataset, user_id, need, project_id), Dataset.archived.is_(archived))
        .order_by(Dataset.created_at.desc(), Dataset.id)
        .options(selectinload(Dataset.versions))
    )
    with snapshot() as session:
        return list(session.scalars(query))


def get_dataset(user_id: str, dataset_id: str) -> Dataset:
    """One dataset that the person may see with its versions; archived ones can still be read.

    Raises:
        NotFound: it does not exist, or its project is not theirs.
    """
    with snapshot() as session:
        return find_dataset(session, user_id, dataset_id)


def require(user_id: str, dataset_id: str, need: str) -> None:
    """Refuse somebody whose role in the dataset's project is lower than ``need``.

    Raises:
        NotFound: it does not exist, or its project is not theirs.
        NotAllowed: says what they may not do, and who may.
    """
    with snapshot() as session:
        find_dataset(session, user_id, dataset_id, need)


def latest_version(dataset: Dataset) -> DatasetVersion:
    """The version that new runs use."""
    return dataset.versions[-1]


def preview(user_id: str, dataset_id: str, limit: int = 20) -> dict[str, Any]:
    """``{"columns": [..], "rows": [{column: text, "_line": number}]}``: the first rows as they were read."""
    folder = storage.dataset_dir(latest_version(get_dataset(user_id, dataset_id)).id)
    columns = load_reading(folder).columns
    rows = [{name: row[name] for name in ("_line", *columns)} for row in read_rows(folder, columns, limit)]
    return {"columns": columns, "rows": rows}


def change_columns(
    user_id: str, dataset_id: str, task_type: str, columns: dict[str, str], *, progress: Progress = NO_PROGRESS
) -> Dataset:
    """Add a version of the same rows for another task or with other columns; the old version stays as it was.

    Raises:
        Rejected: the columns do not fit, or too few rows are usable with them; no version is added.
        Conflict: somebody else changed the dataset at the same moment.
    """
    find_task_type(task_type)

    def fill(folder: Path, newest_folder: Path) -> VersionDraft:
        for file_name in (ROWS_FILE, READING_FILE):
            link_or_copy(newest_folder / file_name, folder / file_name)
        options = ReportOptions(
            task_type=task_type,
            columns=columns,
            excluded=load_exclusions(newest_folder),
            plan=SplitPlan(seed=storage.read_json(newest_folder / "splits.json")["seed"]),
        )
        report = write_report(folder, load_reading(folder), options, progress.report)
        summary = stated(
            "Read for the goal “{goal}” ({columns}).",
            goal=stated(report.task.title),
            columns=describe_columns(report.task, report.columns),
        )
        return VersionDraft(report, {"summary": summary})

    changed = add_version(user_id, dataset_id, fill, action="change_columns", progress=progress)
    version = latest_version(changed)
    column_names = load_reading(storage.dataset_dir(version.id)).main.columns
    remember(changed.project_id, user_id, column_names, ColumnMeaning(version.task_type, version.columns))
    return changed


def rename(user_id: str, dataset_id: str, name: str) -> Dataset:
    """Give the dataset another name; runs show it from then on.

    Raises:
        Rejected: the name is empty or too long.
    """
    cleaned = names.validate_name(name)
    with transaction() as session:
        find_dataset(session, user_id, dataset_id, TO_CHANGE).name = cleaned
        record(session, user_id, "rename", "dataset", dataset_id, data={"name": cleaned})
    return get_dataset(user_id, dataset_id)


def archive(user_id: str, dataset_id: str) -> None:
    """Hide a dataset from the list; runs that use it keep it."""
    with transaction() as session:
        find_dataset(session, user_id, dataset_id, TO_CHANGE).archived = True
        record(session, user_id, "archive", "dataset", dataset_id)


def unarchive(user_id: str, dataset_id: str) -> Dataset:
    """Put an archived dataset back on the list; where its name is taken by now, it gets a number.

    Raises:
        NotFound: it does not exist or is somebody else's.
    """
    with transaction() as session:
        dataset = find_dataset(session, user_id, dataset_id, TO_CHANGE)
        if dataset.archived:
            listed = (Dataset.project_id == dataset.project_id, Dataset.archived.is_(False))
            taken = set(session.scalars(select(Dataset.name).where(*listed)))
            dataset.name = names.numbered_name(dataset.name, taken)
            dataset.archived = False
            record(session, user_id, "unarchive", "dataset", dataset_id)
    return get_dataset(user_id, dataset_id)


def as_dict(dataset: Dataset) -> dict[str, Any]:
    """The dataset with its newest version, as REST and pages show it; the report is read from the version."""
    version = latest_version(dataset)
    return {
        "id": dataset.id,
        "name": dataset.name,
        "project_id": dataset.project_id,
        "version": version.number,
        "version_id": version.id,
        "rows": version.rows,
        "usable_rows": version.usable_rows,
        "status": version.status,
        "task_type": version.task_type,
        "columns": version.columns,
        "labels": version.labels,
        "split_sizes": version.split_sizes,
        "format": version.format,
        "encoding": version.encoding,
        "file_name": version.file_name,
        "bytes": version.bytes,
        "content_sha256": version.content_sha256,
        "change": translated_json(version.change),
        "source": version.source,
        "version_created_at": version.created_at,
        "archived": dataset.archived,
        "created_at": dataset.created_at,
    }


def _import_sample(user_id: str, sample: Sample) -> Dataset:
    path = sample_path(sample)
    return import_file(user_id, (path, path.name), name=sample.title, task_type=sample.task_type)
