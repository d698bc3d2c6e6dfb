"""Everything that ends in a new version of a dataset, said as JSON, so that it can be done at once or as a job.

One line in ``DATASET_JOBS`` for each kind. Knows no job and no door.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from app.models import Dataset
from app.readers import Choices
from app.services.datasets import changes, datasets, imports, readings, versions
from app.services.datasets.changes import Change
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.row_search import Selection
from app.services.profiling.split_plans import SplitPlan

IMPORT = "import"
CHANGES: dict[str, Any] = {each.__name__: each for each in get_args(Change)}


@dataclass(frozen=True)
class DatasetJob:
    """What is to be done: ``kind`` is a key of ``DATASET_JOBS``, ``said`` its particulars as JSON."""

    kind: str
    dataset_id: str = ""
    said: dict[str, Any] = field(default_factory=dict)


def perform(user_id: str, work: DatasetJob, watch: Progress = NO_PROGRESS) -> Dataset:
    """Do it; returns the dataset with its new version. Raises what the services behind the kinds raise."""
    return DATASET_JOBS[work.kind](user_id, work.dataset_id, work.said, watch)


def changes_job(dataset_id: str, changes: Sequence[Change], version: int | None) -> DatasetJob:
    """Changes to rows as work."""
    told = [{"op": type(each).__name__, **asdict(each)} for each in changes]
    return DatasetJob("changes", dataset_id, {"changes": told, "version": version})


def _change(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    edits = [_read_change(each) for each in said["changes"]]
    return changes.change(user_id, dataset_id, edits, version=said["version"], progress=watch)


def _read_change(told: Mapping[str, Any]) -> Change:
    given = {name: value for name, value in told.items() if name != "op"}
    if rows := given.get("rows"):
        ids = rows["ids"]
        given["rows"] = Selection(**{**rows, "ids": None if ids is None else tuple(ids)})
    made: Change = CHANGES[told["op"]](**given)
    return made


def _import(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    given = {name: said.get(name) for name in ("name", "task_type", "columns")}
    return imports.import_staged(user_id, said["staged"], **given, progress=watch)


def _columns(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    return datasets.change_columns(user_id, dataset_id, said["task_type"], said["columns"], progress=watch)


def _splits(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    return versions.change_splits(user_id, dataset_id, SplitPlan(**said), progress=watch)


def _restore(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    return versions.restore(user_id, dataset_id, said["number"], progress=watch)


def _read_again(user_id: str, dataset_id: str, said: Mapping[str, Any], watch: Progress) -> Dataset:
    return readings.read_again(user_id, dataset_id, Choices(**said), progress=watch)


DATASET_JOBS: dict[str, Callable[[str, str, Mapping[str, Any], Progress], Dataset]] = {
    IMPORT: _import,
    "changes": _change,
    "columns": _columns,
    "splits": _splits,
    "restore": _restore,
    "reading": _read_again,
}
