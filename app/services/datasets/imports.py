"""How a file becomes a dataset: read it, judge it, keep rows, original and report as the first version.

A file from the browser is staged first, so that it can be looked at, and read or understood in another way, before the
decision; a staged file that nobody decides about is removed after a day. Knows no door.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.models import Dataset, DatasetVersion, new_id
from app.readers import Choices
from app.services.accounts import names
from app.services.accounts.accounts import home_project, record
from app.services.datasets.data_reports import DataReport
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.remembered_columns import Meaning, recall, remember, with_remembered
from app.services.datasets.row_tables import READING_FILE, ROWS_FILE, Reading, Source, load_reading, store_rows
from app.services.datasets.versions import find_dataset, judge_into, make_version, share

ORIGINAL_FILE, EVALUATION_FILE, STAGED_FILE = "original", "original-evaluation", "staged.json"
STAGED = "staged-"
Read = Callable[[Path], Reading]


def import_file(
    user_id: str,
    path: Path,
    file_name: str,
    *,
    name: str | None = None,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    evaluation: Source | None = None,
    seed: int = 0,
    choices: Choices | None = None,
    watch: Progress = NO_PROGRESS,
) -> Dataset:
    """Read, check and store a file as a new dataset with its first version.

    Args:
        path: where the bytes lie; the file is only read.
        file_name: what the person calls it; its content decides the format.
        columns: role -> column; roles left out are guessed.
        evaluation: the person's own test file and its name.
        seed: of the splits.
        choices: sheet, header row, encoding or delimiter, where the person knows better than the reader.
        watch: whoever waits for it.

    Raises:
        Rejected: the file cannot be used; ``details`` name rows, or hold the whole ``report``.
        TooLarge: more rows than ``STUDIO_MAX_ROWS``.
    """
    if task_type:
        find_task_type(task_type)

    def read(aside: Path) -> Reading:
        reading = store_rows(aside, (path, file_name), evaluation, choices)
        # Only what was sent here is kept; a file of the person's own may be changed by them at any time.
        for source, kept in ((path, ORIGINAL_FILE), (evaluation[0] if evaluation else None, EVALUATION_FILE)):
            if source is not None and source.parent == storage.uploads_dir():
                share(source, aside / kept)
        return reading

    return _add_dataset(user_id, read, (name, file_name), (task_type, columns), seed, watch)


def stage(user_id: str, path: Path, file_name: str, evaluation: Source | None = None) -> str:
    """Set an upload aside until the person has decided; returns the id under which it waits. Reads nothing yet."""
    staged_id = new_id()
    with files.atomic_folder(_folder(staged_id)) as aside:
        os.link(path, aside / ORIGINAL_FILE)
        told: dict[str, Any] = {"user_id": user_id, "file_name": file_name}
        if evaluation:
            os.link(evaluation[0], aside / EVALUATION_FILE)
            told["evaluation_name"] = evaluation[1]
        files.write_json(aside / STAGED_FILE, told)
    return staged_id


def read_staged(user_id: str, staged_id: str, choices: Choices | None = None) -> Reading:
    """Read a staged file from beginning to end into its folder, as the person says or, without a word, has said before.

    Raises:
        NotFound: it is not there, or somebody else's.
        Rejected: it cannot be read; see ``app.readers``.
    """
    folder, told = _staged(user_id, staged_id)
    before = Choices(**told.get("choices", {}))
    wanted = choices or before
    if wanted == before and (folder / READING_FILE).exists():
        return load_reading(folder)
    evaluation = (folder / EVALUATION_FILE, told["evaluation_name"]) if "evaluation_name" in told else None
    for each in (ROWS_FILE, READING_FILE):
        (folder / each).unlink(missing_ok=True)
    reading = store_rows(folder, (folder / ORIGINAL_FILE, told["file_name"]), evaluation, wanted)
    files.write_json(folder / STAGED_FILE, {**told, "choices": asdict(wanted)})
    return reading


def forget_staged(user_id: str, staged_id: str) -> None:
    """Remove a staged file that nothing can be made of."""
    shutil.rmtree(_staged(user_id, staged_id)[0], ignore_errors=True)


def staged_folder(user_id: str, staged_id: str) -> tuple[Path, str]:
    """Where a staged file lies, and what its sender called it.

    Raises:
        NotFound: it is not there, or somebody else's.
    """
    folder, told = _staged(user_id, staged_id)
    return folder, told["file_name"]


def import_staged(
    user_id: str,
    staged_id: str,
    *,
    name: str | None = None,
    task_type: str | None = None,
    columns: dict[str, str] | None = None,
    watch: Progress = NO_PROGRESS,
) -> Dataset:
    """Make a dataset of a staged file that has been read; the file waits on if it is refused.

    Raises:
        NotFound: it is not there, or somebody else's.
        Rejected: the rows cannot be used; ``details`` hold the whole ``report``.
    """
    folder, told = _staged(user_id, staged_id)
    if task_type:
        find_task_type(task_type)
    if not (folder / READING_FILE).exists():
        raise Rejected("not_read", "The file has not been read yet.", "Choose how to read it, then try again.")

    def read(aside: Path) -> Reading:
        for each in (ROWS_FILE, READING_FILE, ORIGINAL_FILE, EVALUATION_FILE):
            if (folder / each).exists():
                share(folder / each, aside / each)
        return load_reading(aside)

    made = _add_dataset(user_id, read, (name, told["file_name"]), (task_type, columns), 0, watch)
    shutil.rmtree(folder, ignore_errors=True)
    return made


def _add_dataset(
    user_id: str,
    read: Read,
    called: tuple[str | None, str],
    said: tuple[str | None, dict[str, str] | None],
    seed: int,
    watch: Progress,
) -> Dataset:
    project_id = home_project(user_id).id
    version_id = new_id()
    folder = storage.dataset_dir(version_id)
    try:
        with files.atomic_folder(folder) as aside:
            reading = read(aside)
            judgement, change = _judge(aside, reading, project_id, said, seed, watch)
            version = make_version(version_id, aside, reading, judgement, user_id, change)
            _share_with_twin(user_id, version.content_sha256, aside / ROWS_FILE)
        with transaction() as session:
            name = names.shortened(called[0]) or _free_name(session, user_id, called[1])
            dataset = Dataset(project_id=project_id, owner_id=user_id, name=name)
            session.add(dataset)
            session.flush()
            version.dataset_id = dataset.id
            session.add(version)
            session.flush()
            watch.conclude(session, dataset.id, 1)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if said[1]:
        remember(project_id, user_id, reading.main.columns, Meaning(version.task_type, version.columns))
    told = {"file_name": reading.main.file_name, "rows": version.rows}
    record(user_id, "import", "dataset", dataset.id, data=told)
    with snapshot() as session:
        return find_dataset(session, user_id, dataset.id)


def _judge(
    aside: Path,
    reading: Reading,
    project_id: str,
    said: tuple[str | None, dict[str, str] | None],
    seed: int,
    watch: Progress,
) -> tuple[DataReport, dict[str, Any] | None]:
    """How the rows are judged, as last time where the person says nothing else, and what to tell about that."""
    known = with_remembered(recall(project_id, reading.main.columns), *said)
    if known is not None:
        try:
            judgement = judge_into(aside, reading, known.task_type, known.columns, seed, tell=watch.tell)
        except Rejected:
            # These rows are not like those of last time.
            known = None
        else:
            summary = f"Imported from {reading.main.file_name}. The columns mean what you said last time."
            return judgement, {"summary": summary, "remembered": True}
    return judge_into(aside, reading, *said, seed, tell=watch.tell), None


def _share_with_twin(user_id: str, content_sha256: str, rows: Path) -> None:
    """Store the rows of a file that the same person has imported before only once."""
    query = select(DatasetVersion.id).join(Dataset).where(Dataset.owner_id == user_id)
    with snapshot() as session:
        twin = session.scalars(query.where(DatasetVersion.content_sha256 == content_sha256)).first()
    known = storage.dataset_dir(twin) / ROWS_FILE if twin else None
    if known and known.exists():
        rows.unlink()
        share(known, rows)


def _folder(staged_id: str) -> Path:
    return storage.uploads_dir() / f"{STAGED}{staged_id}"


def _staged(user_id: str, staged_id: str) -> tuple[Path, dict[str, Any]]:
    plain = all(each.isalnum() or each == "-" for each in staged_id)
    folder = _folder(staged_id)
    told = storage.read_json(folder / STAGED_FILE) if plain and (folder / STAGED_FILE).exists() else {}
    if told.get("user_id") != user_id:
        raise NotFound("upload_not_found", "The file is no longer waiting here.", "Send it again.")
    return folder, told


def _free_name(session: Session, user_id: str, file_name: str) -> str:
    """The file's name, numbered where the person's list has it already."""
    stem = names.shortened(Path(file_name.replace("\\", "/")).stem) or "Dataset"
    own = select(Dataset.name).where(Dataset.owner_id == user_id, Dataset.archived.is_(False))
    return names.not_among(stem, set(session.scalars(own)))
