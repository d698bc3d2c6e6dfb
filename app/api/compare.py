"""``GET /api/v1/compare``: what the compare page shows, and the same rows answered by each run."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.deps import After, CurveKeys, MaxPoints, UserId
from app.api.schemas import Body
from app.services.evaluation import answer_votes, comparison, example_table

router = APIRouter(prefix="/api/v1", tags=["compare"])


@router.get("/compare")
def compare_runs(
    user_id: UserId,
    runs: Annotated[str, Query(min_length=1, max_length=1000, description="Run ids separated by commas.")],
    baseline: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Metrics, settings that differ and notes for several runs beside the base model."""
    return comparison.compare(user_id, _ids(runs), baseline).as_dict()


@router.get("/compare/series")
def compare_series(
    user_id: UserId,
    runs: Annotated[str, Query(min_length=1, max_length=1000, description="Run ids separated by commas.")],
    keys: CurveKeys = None,
    max_points: MaxPoints = 400,
) -> dict[str, Any]:
    """Whole curves of several runs, thinned: ``{"series": {run: {key: [[step, value], ...]}}}``."""
    return {"series": comparison.series(user_id, _ids(runs), keys.split(",") if keys else None, max_points)}


@router.get("/compare/examples")
def compare_examples(
    user_id: UserId,
    runs: Annotated[str, Query(min_length=1, max_length=1000, description="Run ids separated by commas.")],
    order: Literal["disagreement", "wrong", "file"] = "disagreement",
    limit: Annotated[int, Query(ge=1, le=200)] = 25,
    after: After = 0,
) -> dict[str, Any]:
    """Held-out rows that all of the runs answered, the ones they disagree about first, with one's own votes."""
    wanted = _ids(runs)
    found = example_table.page(user_id, wanted, order=order, limit=limit, after=after)
    return answer_votes.with_votes(user_id, wanted, found)


class VoteBody(Body):
    """A vote on one answer."""

    run_id: str
    row_id: int = Field(ge=0, lt=2**31)
    vote: Literal["up", "down"] | None = Field(description="None takes an earlier vote back.")


@router.post("/compare/votes")
def vote_on_answer(user_id: UserId, body: VoteBody) -> dict[str, Any]:
    """Keep a thumb up or down for a run's answer to a test row; returns the run's counts: ``{"up", "down"}``."""
    return answer_votes.vote(user_id, body.run_id, body.row_id, body.vote).as_dict()


def _ids(words: str) -> list[str]:
    return [run_id.strip() for run_id in words.split(",") if run_id.strip()]
