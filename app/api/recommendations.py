"""The recommended tuning methods for a dataset with their reasons, and a comparison of the first three."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, ObjectId, Word
from app.services.experiments import experiments, method_comparison
from app.services.runs.recommendation import recommend_method

router = APIRouter(prefix="/api/v1", tags=["recommendations"])


class RecommendationBody(Body):
    """Data, model, and wishes other than quality."""

    dataset_id: ObjectId
    base_model: Word
    task_type: Word | None = None
    wishes: list[Word] = Field(default_factory=list, max_length=10)


@router.post("/recommendations")
def recommend(user_id: UserId, body: RecommendationBody) -> dict[str, Any]:
    """The methods for the task, the best first, with the rules that applied and their sources."""
    return recommend_method(user_id, body.dataset_id, body.base_model, task_type=body.task_type, wishes=body.wishes)


@router.post("/recommendations/race", status_code=201)
def compare_methods(user_id: UserId, body: RecommendationBody) -> dict[str, Any]:
    """Queue the first three methods on a sample of the data with successive halving; returns the experiment."""
    started = method_comparison.start(
        user_id, body.dataset_id, body.base_model, task_type=body.task_type, wishes=body.wishes
    )
    return experiments.read(user_id, started.id).as_dict()
