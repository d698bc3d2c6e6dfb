"""Datasets as people see them: check a file, import it, list, look, remap, archive.

A version is a folder that never changes and one row in the database; both appear, or neither. Knows no door.
"""

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import storage
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import NotFound, StudioError
from app.models import Dataset, DatasetVersion
from app.readers import Choices
from app.samples import SAMPLES, Sample, sample_path
from app.services.accounts import names
from app.services.accounts.accounts import record
from app.services.datasets.data_reports import DataReport, build_report, refused_report
from app.services.datasets.imports import import_file
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.remembered_columns import Meaning, remember
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, load_reading, read_rows, store_rows
from app.services.datasets.versions import add_version, find_dataset, judge_into, load_exclusions, share

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
]


def check_file(
    path: Path,
    file_name: str,
    *,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    choices: Choices | None = None,
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
            return build_report(Path(folder), reading, task_type, columns, seed=0).report
        except StudioError as error:
            return refused_report(error, file_name, task_type, reading)


def import_sample(user_id: str, name: str) -> Dataset:
    """A sample as one's own dataset.

    Raises:
        NotFound: there is no such sample.
    """
    sample = next((each for each in SAMPLES if each.name == name), None)
    if sample is None:
        known = ", ".join(each.name for each in SAMPLES)
        raise NotFound("sample_not_found", f"There is no sample called {name[:60]!r}.", f"Samples: {known}.")
    return _import_sample(user_id, sample)


def list_datasets(user_id: str) -> list[Dataset]:
    """The person's datasets with their versions, newest first, without archived ones."""
    query = (
        select(Dataset)
        .where(Dataset.owner_id == user_id, Dataset.archived.is_(False))
        .order_by(Dataset.created_at.desc(), Dataset.id)
        .options(selectinload(Dataset.versions))
    )
    with snapshot() as session:
        return list(session.scalars(query))


def get_dataset(user_id: str, dataset_id: str) -> Dataset:
    """One dataset of this person with its versions; archived ones can still be read.

    Raises:
        NotFound: it does not exist or is somebody else's.
    """
    with snapshot() as session:
        return find_dataset(session, user_id, dataset_id)


def latest_version(dataset: Dataset) -> DatasetVersion:
    """The version that new runs use."""
    return dataset.versions[-1]


def preview(user_id: str, dataset_id: str, limit: int = 20) -> dict[str, Any]:
    """``{"columns": [..], "rows": [{column: text, "_line": number}]}``: the first rows as they were read."""
    folder = storage.dataset_dir(latest_version(get_dataset(user_id, dataset_id)).id)
    columns = load_reading(folder).columns
    rows = [{name: row[name] for name in ("_line", *columns)} for row in read_rows(folder, columns, most=limit)]
    return {"columns": columns, "rows": rows}


def change_columns(
    user_id: str, dataset_id: str, task_type: str, columns: dict[str, str], *, watch: Progress = NO_PROGRESS
) -> Dataset:
    """A new version of the same rows under another task or mapping; the old version stays as it was.

    Raises:
        Rejected: the columns do not fit, or too little of the data is usable under them; no version is made.
        Conflict: somebody else changed the dataset at the same moment.
    """
    find_task_type(task_type)

    def fill(aside: Path, before: Path) -> tuple[DataReport, dict[str, Any], dict[str, Any]]:
        for each in (ROWS_FILE, READING_FILE):
            share(before / each, aside / each)
        seed = storage.read_json(before / "splits.json")["seed"]
        excluded = load_exclusions(before)
        judgement = judge_into(aside, load_reading(aside), task_type, columns, seed, excluded=excluded, tell=watch.tell)
        roles = ", ".join(f"{role}: {name}" for role, name in judgement.columns.items())
        return judgement, {"summary": f"Read as {judgement.task.title.lower()} ({roles})."}, {"entries": []}

    made = add_version(user_id, dataset_id, fill, action="change_columns", watch=watch)
    version = latest_version(made)
    names = load_reading(storage.dataset_dir(version.id)).main.columns
    remember(made.project_id, user_id, names, Meaning(version.task_type, version.columns))
    return made


def rename(user_id: str, dataset_id: str, name: str) -> Dataset:
    """Give the dataset another name; runs show it from then on.

    Raises:
        Rejected: the name is empty or too long.
    """
    cleaned = names.checked(name)
    with transaction() as session:
        find_dataset(session, user_id, dataset_id).name = cleaned
    record(user_id, "rename", "dataset", dataset_id, data={"name": cleaned})
    return get_dataset(user_id, dataset_id)


def archive(user_id: str, dataset_id: str) -> None:
    """Hide a dataset from the list; runs that use it keep it."""
    with transaction() as session:
        find_dataset(session, user_id, dataset_id).archived = True
    record(user_id, "archive", "dataset", dataset_id)


def as_dict(dataset: Dataset) -> dict[str, Any]:
    """The dataset with its newest version, as REST and pages show it; the report is read from the version."""
    version = latest_version(dataset)
    return {
        "id": dataset.id,
        "name": dataset.name,
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
        "change": version.change,
        "version_created_at": version.created_at,
        "archived": dataset.archived,
        "created_at": dataset.created_at,
    }


def _import_sample(user_id: str, sample: Sample) -> Dataset:
    path = sample_path(sample)
    return import_file(user_id, path, path.name, name=sample.title, task_type=sample.task_type)
