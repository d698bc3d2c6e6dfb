"""``POST /api/v1/predict``: answers from a model named in the body."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import PredictBody
from app.services.inference import prediction

router = APIRouter(prefix="/api/v1", tags=["predict"])


@router.post("/predict")
def predict(user_id: UserId, body: PredictBody) -> dict[str, Any]:
    """Labels with probabilities, or ``entities`` with their places; ``model`` is a run id or ``base:<name>``."""
    return {"model": body.model, "answers": prediction.predict(user_id, body.model, body.inputs)}
