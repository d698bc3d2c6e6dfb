"""``GET /api/v1/catalog``: methods, task types and base models as they declare themselves."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.catalog.base_models import base_models, recommended_base_model
from app.catalog.methods import DERIVED, METHODS
from app.catalog.methods.cards import method_card
from app.catalog.presets import PRESETS
from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.base import TaskType
from app.catalog.training import TrainingSettings
from app.languages import current_language

router = APIRouter(prefix="/api/v1", tags=["catalog"])


@router.get("/catalog")
def read_catalog(user_id: UserId) -> dict[str, Any]:
    """``{"methods", "made_methods", "task_types", "base_models", "training", "presets", "recommended_base_models"}``.

    Settings come with their JSON schema. ``made_methods`` are derived forms: results of combining, merging or extracting;
    ``recommended_base_models`` is task type -> ``{"name", "reason"}``.
    """
    return {
        **_static_catalog(current_language()),
        "base_models": [card.as_dict() for card in base_models()],
        "recommended_base_models": {
            task.kind: asdict(model) for task in TASK_TYPES if (model := recommended_base_model(task.kind))
        },
    }


@lru_cache
def _static_catalog(language: str) -> dict[str, Any]:
    """The part of the catalog that is constant in a process but for the language of refusals; base models may be added."""
    return {
        "methods": [method_card(method) for method in METHODS],
        "made_methods": [method_card(method) for method in DERIVED],
        "task_types": [_task_card(task) for task in TASK_TYPES],
        "training": {"schema": TrainingSettings.model_json_schema()},
        "presets": [preset.as_dict() for preset in PRESETS],
    }


def _task_card(task: TaskType) -> dict[str, Any]:
    roles = [
        {"name": role.name, "title": role.title, "help": role.help, "required": role.required} for role in task.roles
    ]
    return {
        "kind": task.kind,
        "family": task.family,
        "training_defaults": dict(task.training_defaults),
        "title": task.title,
        "summary": task.summary,
        "example": task.example,
        "roles": roles,
        "primary_metric": task.primary_metric,
        "metrics": dict(task.metric_titles),
        "schema": {
            "type": "object",
            "description": "Role -> column of the file.",
            "properties": {r["name"]: {"type": "string", "title": r["title"], "description": r["help"]} for r in roles},
            "required": [r["name"] for r in roles if r["required"]],
            "additionalProperties": False,
        },
    }
