"""Routes for the content of a dataset: rows, problems, changes, splits, versions, downloads."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app import storage
from app.api.datasets import run_or_enqueue
from app.api.deps import After, RespondAsync, UserId
from app.languages import translated_json
from app.services.datasets import exports, findings, holdout_access, label_reviews, row_pages, versions
from app.services.datasets.change_bodies import ChangesBody, HoldoutViewBody, LabelVerdictBody, SplitsBody
from app.services.datasets.dataset_jobs import DatasetJob, changes_job
from app.services.datasets.row_search import Selection
from app.services.datasets.version_lengths import with_default_cut

router = APIRouter(prefix="/api/v1/datasets/{dataset_id}", tags=["datasets"])

Version = Annotated[int | None, Query(ge=1, description="Number of a version; the newest if left out.")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[int, Query(ge=-1, le=2**53, description="Cursor: the `after` of the previous answer.")]
Words = Annotated[str, Query(max_length=200)]


class RowsQuery(BaseModel):
    """Which rows of which version, and which page of them."""

    version: int | None = Field(None, ge=1, description="Number of a version; the newest if left out.")
    search: str = Field("", max_length=200)
    problem: str = Field("", max_length=200)
    column: str = Field("", max_length=200)
    value: str | None = Field(None, max_length=10_000)
    excluded: bool | None = None
    after: int = Field(-1, ge=-1, le=2**53, description="Cursor: the `after` of the previous answer.")
    limit: int = Field(50, ge=1, le=500)

    def selection(self) -> Selection:
        """The filters as a value of the service."""
        return Selection(**self.model_dump(include={"search", "problem", "column", "value", "excluded"}))


@router.get("/rows")
def read_rows(user_id: UserId, dataset_id: str, wanted: Annotated[RowsQuery, Query()]) -> dict[str, Any]:
    """Rows that fit every filter: ``{"columns", "rows", "matching", "after", "lost_lines"}``; rows with entities have
    ``marked``: ``{"column", "text", "spans": [[start, end, label]]}``."""
    selection = wanted.selection()
    return row_pages.read_page(user_id, dataset_id, wanted.version, selection, wanted.after, wanted.limit)


@router.get("/problems/{key}")
def read_problem(
    user_id: UserId, dataset_id: str, key: str, version: Version = None, after: Cursor = -1, limit: Limit = 50
) -> dict[str, Any]:
    """One problem with a page of its rows and their cells; ``lost_lines`` could not be read at all."""
    found = versions.find_version(user_id, dataset_id, version)
    folder = storage.dataset_dir(found.id)
    finding = translated_json(asdict(findings.find_finding(folder, key)))
    page = row_pages.page_of(found, Selection(problem=key), after, limit)
    kept = ("key", "code", "severity", "message", "hint", "evaluation")
    return {**{name: finding[name] for name in kept}, **page}


@router.get("/lengths")
def read_lengths(user_id: UserId, dataset_id: str, base_model: Words = "", version: Version = None) -> dict[str, Any]:
    """Lengths of the usable texts in tokens of a model: ``{"base_model", "measured", "mean", "longest", "counts"}``."""
    return with_default_cut(versions.find_version(user_id, dataset_id, version), base_model)


@router.get("/report.csv")
def download_report(user_id: UserId, dataset_id: str, version: Version = None) -> StreamingResponse:
    """Every problem with all its rows, as CSV with formulas escaped."""
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
def change_rows(user_id: UserId, dataset_id: str, body: ChangesBody, respond_async: RespondAsync) -> Any:
    """Edit, add, delete, exclude, include, set or merge; the result is the next version with its report."""
    changes = [body_change.change() for body_change in body.changes]
    return run_or_enqueue(user_id, changes_job(dataset_id, changes, body.version), respond_async)


@router.post("/label-review", status_code=202)
def start_review(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Queue a label review, which looks for labels that the other rows contradict; it changes nothing."""
    return label_reviews.start(user_id, dataset_id)


@router.get("/label-review")
def read_review(
    user_id: UserId,
    dataset_id: str,
    version: Version = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 10,
    offset: Annotated[int, Query(ge=0, le=5000)] = 0,
) -> dict[str, Any]:
    """State of the label review, the most doubtful labels that it found and nobody has kept, and the verdicts so far."""
    return label_reviews.latest(user_id, dataset_id, version, limit, offset)


@router.post("/label-review/verdicts", status_code=201)
def decide_about_label(user_id: UserId, dataset_id: str, body: LabelVerdictBody) -> dict[str, Any]:
    """Record that a doubted label was looked at and kept, or corrected; kept ones are not shown again."""
    return label_reviews.decide(user_id, dataset_id, body.row_id, body.verdict)


@router.get("/splits")
def read_splits(user_id: UserId, dataset_id: str, version: Version = None) -> dict[str, Any]:
    """The split: ``{"how", "plan", "sizes", "peeks"}``; ``peeks`` counts views of the test rows."""
    split = versions.read_splits(versions.find_version(user_id, dataset_id, version))
    return {**split, "peeks": holdout_access.summary(user_id, dataset_id)}


@router.post("/peeks", status_code=201)
def record_holdout_view(user_id: UserId, dataset_id: str, body: HoldoutViewBody) -> dict[str, Any]:
    """Record that test rows were shown to the user."""
    return holdout_access.record_access(user_id, dataset_id, body.version, body.rows)


@router.post("/splits")
def change_splits(user_id: UserId, dataset_id: str, body: SplitsBody, respond_async: RespondAsync) -> Any:
    """Split rows by ratio, by group or by time; the result is the next version."""
    return run_or_enqueue(user_id, DatasetJob("splits", dataset_id, asdict(body.plan())), respond_async)


@router.get("/versions")
def list_versions(user_id: UserId, dataset_id: str) -> dict[str, Any]:
    """Every version with author, time and what it changed, newest first."""
    return {"versions": [asdict(version) for version in versions.list_versions(user_id, dataset_id)]}


@router.get("/versions/{number}/changes")
def read_changes(user_id: UserId, dataset_id: str, number: int, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """All differences to the version before, by page."""
    return asdict(versions.read_changes(user_id, dataset_id, number, after, limit))


@router.post("/versions/{number}/restore")
def restore_version(user_id: UserId, dataset_id: str, number: int, respond_async: RespondAsync) -> Any:
    """A new version with the content of this one."""
    return run_or_enqueue(user_id, DatasetJob("restore", dataset_id, {"number": number}), respond_async)


def _attached(export: exports.Export) -> StreamingResponse:
    name, media, content = export
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(content, media_type=media, headers=headers)
