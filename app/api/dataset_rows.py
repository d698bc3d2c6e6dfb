"""Routes for what is inside a dataset: its rows and problems, changes to them, versions, downloads."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app import storage
from app.api.change_bodies import ChangesBody, PeekBody, SplitsBody
from app.api.datasets import answer
from app.api.deps import After, Later, UserId
from app.services.datasets import exports, findings, holdout_access, label_reviews, versions
from app.services.datasets.dataset_jobs import DatasetJob, changes_job
from app.services.datasets.row_search import Selection, find_rows
from app.services.datasets.version_lengths import with_usual_cut
from app.services.profiling.marked_rows import with_marks

router = APIRouter(prefix="/api/v1/datasets/{dataset_id}", tags=["datasets"])

Version = Annotated[int | None, Query(ge=1, description="Number of a version; the newest if left out.")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[int, Query(ge=-1, le=2**53, description="Cursor: the `after` of the previous answer.")]
Words = Annotated[str, Query(max_length=200)]


@router.get("/rows")
def read_rows(
    user_id: UserId,
    dataset_id: str,
    version: Version = None,
    search: Words = "",
    problem: Words = "",
    column: Words = "",
    value: Annotated[str | None, Query(max_length=10_000)] = None,
    excluded: bool | None = None,
    after: Cursor = -1,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Rows that fit every filter: ``{"columns", "rows", "matching", "after", "lost_lines"}``; rows with marked words have
    ``marked``: ``{"column", "text", "spans": [[start, end, label]]}``."""
    found = versions.find_version(user_id, dataset_id, version)
    wanted = Selection(problem=problem, search=search, column=column, value=value, excluded=excluded)
    return with_marks(find_rows(storage.dataset_dir(found.id), wanted, after, limit).as_dict(), found)


@router.get("/problems/{key}")
def read_problem(
    user_id: UserId, dataset_id: str, key: str, version: Version = None, after: Cursor = -1, limit: Limit = 50
) -> dict[str, Any]:
    """One problem with a page of its rows and their cells; ``lost_lines`` could not be read at all."""
    found = versions.find_version(user_id, dataset_id, version)
    folder = storage.dataset_dir(found.id)
    told = asdict(findings.find(folder, key))
    page = with_marks(find_rows(folder, Selection(problem=key), after, limit).as_dict(), found)
    kept = ("key", "code", "severity", "message", "hint", "evaluation")
    return {**{name: told[name] for name in kept}, **page}


@router.get("/lengths")
def read_lengths(user_id: UserId, dataset_id: str, base_model: Words = "", version: Version = None) -> dict[str, Any]:
    """How long the usable texts are in tokens of a model: ``{"base_model", "measured", "mean", "longest", "counts"}``."""
    return with_usual_cut(versions.find_version(user_id, dataset_id, version), base_model)


@router.get("/report.csv")
def download_report(user_id: UserId, dataset_id: str, version: Version = None) -> StreamingResponse:
    """Every problem with every row it touches, as CSV with harmless cells."""
    return _attached(exports.export_report(user_id, dataset_id, version))


@router.get("/export")
def download_version(
    user_id: UserId,
    dataset_id: str,
    format: Literal["csv", "jsonl", "parquet"] = "csv",
    version: Version = None,
    everything: bool = False,
    raw: bool = False,
) -> StreamingResponse:
    """The rows of a version; ``everything`` includes those left out, ``raw`` keeps CSV cells that look like formulas."""
    export = exports.export_version(user_id, dataset_id, format, version, everything=everything, raw=raw)
    return _attached(export)


@router.post("/changes")
def change_rows(user_id: UserId, dataset_id: str, body: ChangesBody, later: Later) -> Any:
    """Edit, add, delete, exclude, include, set or merge; the result is the next version with its report."""
    changes = [each.change() for each in body.changes]
    return answer(user_id, changes_job(dataset_id, changes, body.version), later)


@router.post("/label-review", status_code=202)
def start_review(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Look for labels that the other rows speak against, as a job; what it finds changes nothing."""
    return label_reviews.start(user_id, dataset_id)


@router.get("/label-review")
def read_review(
    user_id: UserId, dataset_id: str, version: Version = None, limit: Annotated[int, Query(ge=1, le=200)] = 10
) -> dict[str, Any]:
    """How far the search is, and the most doubtful labels that it found."""
    return label_reviews.latest(user_id, dataset_id, version, limit)


@router.get("/splits")
def read_splits(user_id: UserId, dataset_id: str, version: Version = None) -> dict[str, Any]:
    """How rows are dealt out: ``{"how", "plan", "sizes", "peeks"}``; ``peeks`` tells who has looked at the test rows."""
    dealt = versions.read_splits(versions.find_version(user_id, dataset_id, version))
    return {**dealt, "peeks": holdout_access.summary(user_id, dataset_id)}


@router.post("/peeks", status_code=201)
def note_peek(user_id: UserId, dataset_id: str, body: PeekBody) -> dict[str, Any]:
    """Record that rows kept for the final test were shown to the person."""
    return holdout_access.record_access(user_id, dataset_id, body.version, body.rows)


@router.post("/splits")
def change_splits(user_id: UserId, dataset_id: str, body: SplitsBody, later: Later) -> Any:
    """Deal rows out by ratio, by groups or by time; the result is the next version."""
    return answer(user_id, DatasetJob("splits", dataset_id, asdict(body.plan())), later)


@router.get("/versions")
def list_versions(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Every version with author, time and what it changed, newest first."""
    return {"versions": versions.list_versions(user_id, dataset_id)}


@router.get("/versions/{number}/changes")
def read_changes(user_id: UserId, dataset_id: str, number: int, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """Every single difference to the version before, a page at a time."""
    return versions.read_changes(user_id, dataset_id, number, after, limit)


@router.post("/versions/{number}/restore")
def restore_version(user_id: UserId, dataset_id: str, number: int, later: Later) -> Any:
    """A new version that is what this one was."""
    return answer(user_id, DatasetJob("restore", dataset_id, {"number": number}), later)


def _attached(export: exports.Export) -> StreamingResponse:
    name, media, content = export
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(content, media_type=media, headers=headers)
