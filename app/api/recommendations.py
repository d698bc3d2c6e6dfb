"""``POST /api/v1/recommendations``: which tuning method to try first on a dataset, and why."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, ObjectId, Word
from app.services.recommendation import recommend_method

router = APIRouter(prefix="/api/v1", tags=["recommendations"])


class RecommendationBody(Body):
    """The data, the model, and what matters beside quality."""

    dataset_id: ObjectId
    base_model: Word
    task_type: Word | None = None
    wishes: list[Word] = Field(default_factory=list, max_length=10)


@router.post("/recommendations")
def recommend(user_id: UserId, body: RecommendationBody) -> dict[str, Any]:
    """The methods that serve the task, the most promising first, each with the rules that fired and their sources."""
    return recommend_method(user_id, body.dataset_id, body.base_model, task_type=body.task_type, wishes=body.wishes)
