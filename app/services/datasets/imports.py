"""Imports files as datasets: reads and checks the rows, stores them with the original as the first version.

A file from the browser is staged first, so that its preview can be seen and its reading changed before it is imported; a
staged file that is not imported is removed after a day.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.languages import gettext as _
from app.languages import stated, stated_list
from app.models import Dataset, DatasetVersion, new_id
from app.readers import Choices
from app.services.accounts import access, limits, names
from app.services.accounts.access import TO_CHANGE
from app.services.accounts.audit_chain import record as record_action
from app.services.accounts.projects import project_for_new
from app.services.datasets.data_reports import DataReport, ReportOptions
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.remembered_columns import ColumnMeaning, recall, remember, with_remembered
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, Reading, Source, load_reading, store_rows
from app.services.datasets.versions import find_dataset, link_or_copy, make_version, write_report
from app.services.profiling.split_plans import SplitPlan

ORIGINAL_FILE, EVALUATION_FILE, STAGED_FILE = "original", "original-evaluation", "staged.json"
STAGED_PREFIX = "staged-"


@dataclass(frozen=True)
class ImportOptions:
    """What is seldom given with a file.

    Attributes:
        evaluation: the person's own test file and its name.
        seed: of the splits.
        choices: sheet, header row, encoding or delimiter, in place of the reader's own detection.
        answer: which of several readings is meant; see :func:`column_choice.choose_columns`.
        project_id: where the dataset goes; without it the chosen project, or else the person's own.
    """

    evaluation: Source | None = None
    seed: int = 0
    choices: Choices | None = None
    answer: str | None = None
    project_id: str | None = None


@dataclass(frozen=True)
class _NewDataset:
    """What was given with a file that becomes a dataset; ``name`` falls back on the file's name."""

    user_id: str
    project_id: str
    file_name: str
    name: str | None
    task_type: str | None
    columns: dict[str, str] | None
    seed: int = 0
    answer: str | None = None
    source: dict[str, Any] | None = None


def import_file(
    user_id: str,
    source: Source,
    *,
    name: str | None = None,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    options: ImportOptions = ImportOptions(),
    progress: Progress = NO_PROGRESS,
) -> Dataset:
    """Read, check and store a file as a new dataset with its first version.

    Args:
        source: path of the file, which is only read, and its name; its content decides the format.
        columns: role -> column; roles left out are guessed.

    Raises:
        Rejected: the file cannot be used; ``details`` name rows, or hold the whole ``report``.
        TooLarge: more rows than ``STUDIO_MAX_ROWS``.
        Conflict: the person or the project would take more of the disk than they may.
    """
    if task_type:
        find_task_type(task_type)

    def read(folder: Path) -> Reading:
        evaluation = options.evaluation
        reading = store_rows(folder, source, evaluation, options.choices)
        # Only uploads are kept: a link to a file elsewhere would change with it.
        for path, stored in ((source[0], ORIGINAL_FILE), (evaluation[0] if evaluation else None, EVALUATION_FILE)):
            if path is not None and path.parent == storage.uploads_dir():
                link_or_copy(path, folder / stored)
        return reading

    project_id = project_for_new(user_id, options.project_id)
    new = _NewDataset(user_id, project_id, source[1], name, task_type, columns, options.seed, options.answer)
    return _add_dataset(new, read, progress)


def stage(
    user_id: str,
    path: Path,
    file_name: str,
    evaluation: Source | None = None,
    fetched_from: dict[str, Any] | None = None,
    project_id: str | None = None,
) -> str:
    """Stage a file, without reading it; returns the id by which it is imported or removed.

    Args:
        fetched_from: the machine that it came from, if it was not uploaded; kept with the dataset.
        project_id: where its dataset goes; without it the chosen project, or else the person's own.

    Raises:
        NotFound, NotAllowed: the person may not add data to the project.
        Conflict: the project would take more of the disk than it may.
    """
    project_id = project_for_new(user_id, project_id)
    parts = (path, evaluation[0]) if evaluation else (path,)
    limits.check_project_storage(project_id, sum(part.stat().st_size for part in parts))
    staged_id = new_id()
    with files.atomic_folder(_folder(staged_id)) as aside:
        os.link(path, aside / ORIGINAL_FILE)
        record: dict[str, Any] = {"user_id": user_id, "project_id": project_id, "file_name": file_name}
        if evaluation:
            os.link(evaluation[0], aside / EVALUATION_FILE)
            record["evaluation_name"] = evaluation[1]
        if fetched_from:
            record["source"] = fetched_from
        files.write_json(aside / STAGED_FILE, record)
    return staged_id


def read_staged(user_id: str, staged_id: str, choices: Choices | None = None) -> Reading:
    """Read a whole staged file into its folder, with the given choices or else those of the last reading.

    Raises:
        NotFound: it is not there, or somebody else's.
        Rejected: it cannot be read; see ``app.readers``.
    """
    folder, record = _staged(user_id, staged_id)
    previous = Choices(**record.get("choices", {}))
    wanted = choices or previous
    if wanted == previous and (folder / READING_FILE).exists():
        return load_reading(folder)
    evaluation = (folder / EVALUATION_FILE, record["evaluation_name"]) if "evaluation_name" in record else None
    for name in (ROWS_FILE, READING_FILE):
        (folder / name).unlink(missing_ok=True)
    reading = store_rows(folder, (folder / ORIGINAL_FILE, record["file_name"]), evaluation, wanted)
    files.write_json(folder / STAGED_FILE, {**record, "choices": wanted.as_dict()})
    return reading


def remove_staged(user_id: str, staged_id: str) -> None:
    """Remove a staged file that cannot be imported."""
    shutil.rmtree(_staged(user_id, staged_id)[0], ignore_errors=True)


def staged_folder(user_id: str, staged_id: str) -> tuple[Path, str]:
    """The folder of a staged file, and the file's name.

    Raises:
        NotFound: it is not there, or somebody else's.
    """
    folder, record = _staged(user_id, staged_id)
    return folder, record["file_name"]


def is_read(user_id: str, staged_id: str) -> bool:
    """Whether the rows of a staged file are known."""
    return (_staged(user_id, staged_id)[0] / READING_FILE).exists()


def note_refusal(user_id: str, staged_id: str, error: dict[str, Any]) -> None:
    """Keep with a staged file why it was refused, for a person who comes back to it."""
    folder, record = _staged(user_id, staged_id)
    files.write_json(folder / STAGED_FILE, {**record, "error": error})


def refusal_of(user_id: str, staged_id: str) -> dict[str, Any] | None:
    """Why a staged file was refused: code, message, hint and details; None if it was not."""
    error: dict[str, Any] | None = _staged(user_id, staged_id)[1].get("error")
    return error


def import_staged(
    user_id: str,
    staged_id: str,
    *,
    name: str | None = None,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    answer: str | None = None,
    progress: Progress = NO_PROGRESS,
) -> Dataset:
    """Import a staged file that has been read; it stays staged if it is refused.

    Raises:
        NotFound: it is not there, or somebody else's.
        Rejected: the rows cannot be used; ``details`` hold the whole ``report``.
        Conflict: the person or the project would take more of the disk than they may.
    """
    folder, record = _staged(user_id, staged_id)
    if task_type:
        find_task_type(task_type)
    if not (folder / READING_FILE).exists():
        raise Rejected("not_read", _("The file has not been read yet."), _("Choose how to read it, then try again."))

    def read(target: Path) -> Reading:
        for file_name in (ROWS_FILE, READING_FILE, ORIGINAL_FILE, EVALUATION_FILE):
            if (folder / file_name).exists():
                link_or_copy(folder / file_name, target / file_name)
        return load_reading(target)

    given = (record["file_name"], name, task_type, columns, 0, answer, record.get("source"))
    new = _NewDataset(user_id, project_for_new(user_id, record.get("project_id")), *given)
    dataset = _add_dataset(new, read, progress)
    shutil.rmtree(folder, ignore_errors=True)
    return dataset


def _add_dataset(new: _NewDataset, read: Callable[[Path], Reading], progress: Progress) -> Dataset:
    version_id = new_id()
    folder = storage.dataset_dir(version_id)
    try:
        with files.atomic_folder(folder) as aside:
            reading = read(aside)
            report, change = _check(aside, reading, new, progress)
            version = make_version(version_id, aside, reading, report, new.user_id, change)
            version.source = new.source
            # Other files may have been imported while this one was fetched, or waited.
            limits.check_person_storage(new.user_id, version.bytes)
            limits.check_project_storage(new.project_id, version.bytes)
            _deduplicate(new.project_id, version.content_sha256, aside / ROWS_FILE)
        with transaction() as session:
            # A member may have been made a viewer while the file was read.
            access.find_project(session, new.project_id, new.user_id, TO_CHANGE)
            limits.check_stored(session, new.user_id, new.project_id, version.bytes)
            name = names.clean_name(new.name) or _free_name(session, new.project_id, new.file_name)
            dataset = Dataset(project_id=new.project_id, owner_id=new.user_id, name=name)
            session.add(dataset)
            session.flush()
            version.dataset_id = dataset.id
            session.add(version)
            session.flush()
            progress.conclude(session, dataset.id, 1)
            details = {"file_name": reading.main.file_name, "rows": version.rows} | (
                {"source": new.source} if new.source else {}
            )
            record_action(session, new.user_id, "import", "dataset", dataset.id, data=details)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    # A choice of rows is no meaning of columns: another file with the same columns is asked about again.
    if (new.columns or new.answer) and not report.excluded.count:
        meaning = ColumnMeaning(version.task_type, version.columns)
        remember(new.project_id, new.user_id, reading.main.columns, meaning)
    with snapshot() as session:
        return find_dataset(session, new.user_id, dataset.id)


def _check(
    folder: Path, reading: Reading, new: _NewDataset, progress: Progress
) -> tuple[DataReport, dict[str, Any] | None]:
    """The report, with the remembered columns where none are given, and how to describe that."""
    plan = SplitPlan(seed=new.seed)
    known = with_remembered(recall(new.project_id, reading.main.columns), new.task_type, new.columns)
    if known is not None and not new.answer:
        options = ReportOptions(task_type=known.task_type, columns=known.columns, plan=plan, obey_marks=True)
        try:
            report = write_report(folder, reading, options, progress.report)
        except Rejected:
            # The columns are the same, the rows are of another kind; they are guessed anew below.
            known = None
        else:
            summary = stated(
                "Imported from {file}. The columns mean what you said last time.", file=reading.main.file_name
            )
            return report, {"summary": summary, "remembered": True}
    options = ReportOptions(task_type=new.task_type, columns=new.columns, plan=plan, answer=new.answer, obey_marks=True)
    report = write_report(folder, reading, options, progress.report)
    if not report.summary.answered:
        return report, None
    imported = stated("Imported from {file}.", file=reading.main.file_name)
    summary = stated_list([imported, report.summary.answered], " ")
    return report, {"summary": summary, "answer": report.summary.answer}


def _deduplicate(project_id: str, content_sha256: str, rows: Path) -> None:
    """Replace the rows by a link to those of an equal version in the same project."""
    query = select(DatasetVersion.id).join(Dataset).where(Dataset.project_id == project_id)
    with snapshot() as session:
        equal = session.scalars(query.where(DatasetVersion.content_sha256 == content_sha256)).first()
    known = storage.dataset_dir(equal) / ROWS_FILE if equal else None
    if known and known.exists():
        rows.unlink()
        link_or_copy(known, rows)


def staged_of(user_id: str) -> list[Path]:
    """Folders of the person's uploads that were not imported."""
    folders = storage.uploads_dir().glob(f"{STAGED_PREFIX}*")
    return [
        folder
        for folder in folders
        if (folder / STAGED_FILE).exists() and storage.read_json(folder / STAGED_FILE).get("user_id") == user_id
    ]


def _folder(staged_id: str) -> Path:
    return storage.uploads_dir() / f"{STAGED_PREFIX}{staged_id}"


def _staged(user_id: str, staged_id: str) -> tuple[Path, dict[str, Any]]:
    is_id = all(character.isalnum() or character == "-" for character in staged_id)
    folder = _folder(staged_id)
    record = storage.read_json(folder / STAGED_FILE) if is_id and (folder / STAGED_FILE).exists() else {}
    if record.get("user_id") != user_id:
        raise NotFound("upload_not_found", _("The file is no longer waiting here."), _("Send it again."))
    return folder, record


def _free_name(session: Session, project_id: str, file_name: str) -> str:
    """The file's name, numbered where the project's list has it already."""
    stem = names.clean_name(Path(file_name.replace("\\", "/")).stem) or _("Dataset")
    listed = select(Dataset.name).where(Dataset.project_id == project_id, Dataset.archived.is_(False))
    return names.numbered_name(stem, set(session.scalars(listed)))
