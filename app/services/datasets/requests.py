"""What pages and REST routes ask of data: little is done at once, much becomes a check that can be watched."""

from dataclasses import dataclass, field
from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.errors import StudioError
from app.languages import storable, translated_json
from app.models import Dataset
from app.readers import Choices
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import checks, datasets, imports, readings
from app.services.datasets.dataset_jobs import IMPORT, DatasetJob, perform
from app.services.datasets.row_tables import Reading


@dataclass(frozen=True)
class Answer:
    """The dataset that came out, or the check that makes it; see :func:`checks.status`.

    ``read`` is what was read of a staged file: ``{"reading", "preview": {"columns", "rows", "total"}}``.
    """

    dataset: Dataset | None = None
    check: dict[str, Any] | None = None
    read: dict[str, Any] = field(default_factory=dict)


def perform_or_wait(user_id: str, work: DatasetJob, rows: int) -> Dataset:
    """Do the work and return its result: in this process if it has few rows, else as a check that is waited for."""
    if rows <= checks.SMALL_ROWS:
        return perform(user_id, work)
    return checks.wait(user_id, checks.start(user_id, work)["id"])


def start_import(
    user_id: str, staged_id: str, attributes: dict[str, Any], choices: Choices | None = None
) -> Dataset | dict[str, Any]:
    """Read a staged file and make a dataset of it: the dataset, or the check that makes it where there is much to judge.

    Raises:
        StudioError: why it is refused.
    """
    if attributes["task_type"]:
        find_task_type(attributes["task_type"])
    reading = imports.read_staged(user_id, staged_id, choices)
    work = DatasetJob(IMPORT, "", {"staged": staged_id, **attributes})
    return perform(user_id, work) if _is_small(user_id, staged_id, reading) else checks.start(user_id, work)


def _is_small(user_id: str, staged_id: str, reading: Reading) -> bool:
    """Whether judging it takes less than a job: few rows, and not much text in them."""
    folder, _ = imports.staged_folder(user_id, staged_id)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return reading.total <= checks.SMALL_ROWS and size <= checks.SMALL_BYTES


def run_or_enqueue(user_id: str, work: DatasetJob, *, wait: bool = False) -> Answer:
    """Change a dataset; without ``wait`` much data is checked in the background.

    Raises:
        NotFound: the dataset is not theirs.
        StudioError: what the work is refused for.
    """
    datasets.require(user_id, work.dataset_id, TO_CHANGE)
    rows = datasets.latest_version(datasets.get_dataset(user_id, work.dataset_id)).rows
    if not wait and rows > checks.SMALL_ROWS:
        return Answer(check=checks.start(user_id, work))
    return Answer(perform_or_wait(user_id, work, rows))


def begin_import(user_id: str, staged_id: str, attributes: dict[str, Any], choices: Choices | None = None) -> Answer:
    """Read a staged file and make a dataset of it. ``attributes`` are ``name``, ``task_type``, ``columns`` and ``answer``, or
    None.

    A file that another reading or other columns may make usable stays staged; the error's details then hold ``staged`` and
    what was read, and :func:`staged_file` tells them again.

    Raises:
        StudioError: why it is refused.
    """
    if attributes["task_type"]:
        find_task_type(attributes["task_type"])
    read: dict[str, Any] = {}
    try:
        reading = imports.read_staged(user_id, staged_id, choices)
        read = _described(user_id, staged_id)
        work = DatasetJob(IMPORT, "", {"staged": staged_id, **attributes})
        if not _is_small(user_id, staged_id, reading):
            return Answer(check=checks.start(user_id, work), read=read)
        return Answer(perform(user_id, work), read=read)
    except StudioError as error:
        if not read and error.code in readings.READABLE_OTHERWISE:
            read = {"reading": readings.describe_unread(user_id, staged_id)}
        if not read:
            imports.remove_staged(user_id, staged_id)
            raise
        imports.note_refusal(user_id, staged_id, storable(error.as_dict()["error"]))
        error.details = {**error.details, "staged": staged_id, **read}
        raise


def staged_file(user_id: str, staged_id: str) -> dict[str, Any]:
    """A file that waits for a decision: ``{"file_name", "error", "reading", "preview"}``.

    ``error`` is why it was refused, if it was; ``preview`` is missing where the file could not be read.

    Raises:
        NotFound: it is not there, or somebody else's.
    """
    _, file_name = imports.staged_folder(user_id, staged_id)
    return {
        "file_name": file_name,
        "error": translated_json(imports.refusal_of(user_id, staged_id)),
        **(
            _described(user_id, staged_id)
            if imports.is_read(user_id, staged_id)
            else {"reading": readings.describe_unread(user_id, staged_id)}
        ),
    }


def _described(user_id: str, staged_id: str) -> dict[str, Any]:
    folder, _ = imports.staged_folder(user_id, staged_id)
    reading = imports.read_staged(user_id, staged_id)
    columns = reading.main.columns
    preview = {"columns": columns, "rows": readings.first_rows(folder, columns), "total": reading.total}
    return {"reading": readings.describe(reading, kept=True), "preview": preview}
