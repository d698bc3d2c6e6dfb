"""The catalog route: every declared method, task type and base model with its schema."""

from app.catalog.methods import METHODS
from app.catalog.task_types import TASK_TYPES
from tests.app.wire import ask

CATALOG = "/api/v1/catalog"


def test_catalog_lists_every_declaration_with_its_schema(ann):
    catalog = ann.get(CATALOG).json
    assert [method["kind"] for method in catalog["methods"]] == [
        method.model_fields["kind"].default for method in METHODS
    ]
    assert [task["kind"] for task in catalog["task_types"]] == [task.kind for task in TASK_TYPES]
    assert all(method["schema"]["type"] == "object" for method in catalog["methods"])
    assert "epochs" in catalog["training"]["schema"]["properties"]
    for task in catalog["task_types"]:
        required = [role["name"] for role in task["roles"] if role["required"]]
        assert task["schema"]["required"] == required and task["primary_metric"] in task["metrics"]


def test_catalog_needs_sign_in(api):
    assert ask(api, "GET", CATALOG).status == 401


def test_catalog_lists_presets_and_recommended_models(ann):
    catalog = ann.get("/api/v1/catalog").json
    assert {"lora", "full"} <= {method["kind"] for method in catalog["methods"]}
    assert "text-classification" in {task["kind"] for task in catalog["task_types"]}
    assert "starter-encoder" in {model["name"] for model in catalog["base_models"]}
    assert "rank" in catalog["methods"][0]["schema"]["properties"] or len(catalog["methods"]) > 1
    assert "learning_rate" in catalog["training"]["schema"]["properties"]
    assert [(preset["name"], preset["training"]) for preset in catalog["presets"]] == [
        ("quick", {"epochs": 1}),
        ("balanced", {}),
        ("thorough", {"epochs": 6, "evaluations_per_epoch": 2}),
    ]
    assert catalog["recommended_base_models"]["chat"] == {
        "name": "starter-chat",
        "reason": "it is the only installed base model for this task.",
    }
    # Marked words and preferences come in one of several forms, so no single column is required.
    free = [task["kind"] for task in catalog["task_types"] if not task["schema"].get("required")]
    assert free == ["token-classification", "preference"]
