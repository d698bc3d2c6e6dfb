"""The kinds of work that add a version of a dataset, described as JSON, so that they run at once or as a job.

``DATASET_JOBS`` has one line for each kind.
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
# Data that a worker fetches from another machine first.
FETCHED = "fetched"
CHANGES: dict[str, Any] = {kind.__name__: kind for kind in get_args(Change)}


@dataclass(frozen=True)
class DatasetJob:
    """A piece of work: ``kind`` is a key of ``DATASET_JOBS``, ``said`` its arguments as JSON."""

    kind: str
    dataset_id: str = ""
    said: dict[str, Any] = field(default_factory=dict)


def perform(user_id: str, work: DatasetJob, watch: Progress = NO_PROGRESS) -> Dataset:
    """Run the work; returns the dataset with its new version. Raises what the service of the kind raises."""
    return DATASET_JOBS[work.kind](user_id, work.dataset_id, work.said, watch)


def changes_job(dataset_id: str, changes: Sequence[Change], version: int | None) -> DatasetJob:
    """The job that applies changes to rows."""
    items = [{"op": type(item).__name__, **asdict(item)} for item in changes]
    return DatasetJob("changes", dataset_id, {"changes": items, "version": version})


def _change(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    edits = [_parse_change(item) for item in arguments["changes"]]
    return changes.change(user_id, dataset_id, edits, version=arguments["version"], progress=progress)


def _parse_change(item: Mapping[str, Any]) -> Change:
    fields = {name: value for name, value in item.items() if name != "op"}
    if rows := fields.get("rows"):
        ids = rows["ids"]
        fields["rows"] = Selection(**{**rows, "ids": None if ids is None else tuple(ids)})
    parsed: Change = CHANGES[item["op"]](**fields)
    return parsed


def _import(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    given = {name: arguments.get(name) for name in ("name", "task_type", "columns", "answer")}
    return imports.import_staged(user_id, arguments["staged"], **given, progress=progress)


def _fetched(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    imports.read_staged(user_id, arguments["staged"])
    return _import(user_id, dataset_id, arguments, progress)


def _columns(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    return datasets.change_columns(user_id, dataset_id, arguments["task_type"], arguments["columns"], progress=progress)


def _splits(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    return versions.change_splits(user_id, dataset_id, SplitPlan(**arguments), progress=progress)


def _restore(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    return versions.restore(user_id, dataset_id, arguments["number"], progress=progress)


def _read_again(user_id: str, dataset_id: str, arguments: Mapping[str, Any], progress: Progress) -> Dataset:
    return readings.read_again(user_id, dataset_id, Choices(**arguments), progress=progress)


DATASET_JOBS: dict[str, Callable[[str, str, Mapping[str, Any], Progress], Dataset]] = {
    IMPORT: _import,
    FETCHED: _fetched,
    "changes": _change,
    "columns": _columns,
    "splits": _splits,
    "restore": _restore,
    "reading": _read_again,
}
