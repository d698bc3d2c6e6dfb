"""Routes for runs: submit, read, control, download."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from starlette.responses import PlainTextResponse, StreamingResponse

from app.api.deps import After, CurveKeys, MaxPoints, UserId
from app.api.schemas import InputsBody, MarkBody, NameBody, RunBody, RunsQuery
from app.services.inference import prediction
from app.services.runs import adapters, metrics, predictions, run_logs, run_table, runs
from app.services.runs.predictions import AnswerFilter

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.post("", status_code=201)
def submit_run(
    user_id: UserId, body: RunBody, idempotency_key: Annotated[str | None, Header(max_length=200)] = None
) -> dict[str, Any]:
    """Queue a run; the same ``Idempotency-Key`` answers with the run of the first call."""
    return runs.as_dict(runs.submit(user_id, runs.RunRequest(**body.model_dump()), idempotency_key=idempotency_key))


@router.get("")
def list_runs(user_id: UserId, wanted: Annotated[RunsQuery, Query()]) -> dict[str, Any]:
    """One page of own runs, filtered and sorted: ``{"runs", "next", "total", "active"}``; ``next`` is a cursor."""
    chosen = run_table.RunFilter(
        words=wanted.q,
        states=[state for state in wanted.state.split(",") if state],
        model=wanted.model,
        method=wanted.method,
        dataset_id=wanted.dataset,
        experiment_id=wanted.experiment,
        tag=wanted.tag,
        starred=wanted.starred,
        project_id=wanted.project,
        archived="all" if wanted.include_archived else wanted.archived,
    )
    return run_table.page(
        user_id, chosen, sort=wanted.sort, descending=wanted.order == "down", limit=wanted.limit, cursor=wanted.cursor
    ).as_dict()


@router.get("/tags")
def list_tags(user_id: UserId) -> dict[str, Any]:
    """Every tag that was given to an own run."""
    return {"tags": run_table.tags(user_id)}


@router.get("/facets")
def list_facets(user_id: UserId) -> dict[str, Any]:
    """Models, methods, data sets and tags of own runs, to filter by."""
    return run_table.facets(user_id).as_dict()


@router.get("/{run_id}")
def read_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """One run with state, progress, spec and results."""
    return runs.as_dict(runs.get_run(user_id, run_id))


@router.get("/{run_id}/metrics")
def read_metrics(
    user_id: UserId, run_id: str, after: After = 0, limit: Annotated[int, Query(ge=1, le=20_000)] = 5000
) -> dict[str, Any]:
    """Points newer than the cursor: ``{"points", "after", "state"}``."""
    return metrics.since(user_id, run_id, after, limit).as_dict()


@router.get("/{run_id}/series")
def read_series(
    user_id: UserId,
    run_id: str,
    keys: CurveKeys = None,
    max_points: MaxPoints = 1000,
) -> dict[str, Any]:
    """Whole curves, thinned: ``{"series": {key: [[step, value], ...]}}``."""
    chosen = keys.split(",") if keys else None
    return {"series": metrics.read_curves(user_id, run_id, chosen, max_points).series()}


@router.get("/{run_id}/curves")
def read_curves(user_id: UserId, run_id: str, max_points: MaxPoints = 1000) -> dict[str, Any]:
    """All curves so far, thinned: ``{"series": {key: [[step, value, at], ...]}, "after"}``; go on with ``/metrics?after=``."""
    return metrics.read_curves(user_id, run_id, max_points=max_points).as_dict()


@router.get("/{run_id}/events")
def read_events(user_id: UserId, run_id: str, after: After = 0) -> dict[str, Any]:
    """Phases, notices and alerts newer than the cursor."""
    return metrics.events_since(user_id, run_id, after).as_dict()


@router.get("/{run_id}/predictions")
def read_predictions(
    user_id: UserId,
    run_id: str,
    only: Literal["wrong", "right", "improved", "worsened"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: After = 0,
) -> dict[str, Any]:
    """Held-out rows with the base model's and the tuned model's answers."""
    return predictions.page(user_id, run_id, AnswerFilter(only), limit=limit, after=after).as_dict()


@router.get("/{run_id}/log")
def read_log(user_id: UserId, run_id: str) -> PlainTextResponse:
    """The trainer's log of the newest attempt, its last mebibyte."""
    return PlainTextResponse(run_logs.tail(user_id, run_id))


@router.get("/{run_id}/adapter")
def download_adapter(user_id: UserId, run_id: str) -> StreamingResponse:
    """The adapter as a zip, always offered as a file to save."""
    name, chunks = adapters.download(user_id, run_id)
    return _zip_response(name, chunks)


@router.post("/{run_id}/cancel")
def cancel_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Request cancellation; the last checkpoint is kept."""
    runs.request_cancel(user_id, run_id)
    return runs.as_dict(runs.get_run(user_id, run_id))


@router.post("/{run_id}/resume")
def resume_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Continue a failed or cancelled run from its last checkpoint."""
    return runs.as_dict(runs.resume(user_id, run_id))


@router.post("/{run_id}/clone")
def clone_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """The body for ``POST /api/v1/runs`` that would repeat this run."""
    return runs.clone_settings(user_id, run_id)


@router.post("/{run_id}/mark")
def mark_run(user_id: UserId, run_id: str, body: MarkBody) -> dict[str, Any]:
    """Star, tags, note, archived: given fields are changed."""
    return runs.as_dict(run_table.mark(user_id, run_id, **body.model_dump(exclude_none=True)))


@router.post("/{run_id}/archive")
def archive_run(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Hide a finished run from the list."""
    runs.archive(user_id, run_id)
    return {"id": run_id, "archived": True}


@router.post("/{run_id}/rename")
def rename_run(user_id: UserId, run_id: str, body: NameBody) -> dict[str, Any]:
    """Give the run another name."""
    runs.rename(user_id, run_id, body.name)
    return runs.as_dict(runs.get_run(user_id, run_id))


@router.post("/{run_id}/predict")
def predict_with_run(user_id: UserId, run_id: str, body: InputsBody) -> dict[str, Any]:
    """Labels with probabilities for some texts, from this run's adapter."""
    return {"answers": prediction.predict(user_id, run_id, body.inputs)}


def _zip_response(name: str, chunks: Iterator[bytes]) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)
