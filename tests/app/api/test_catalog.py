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
