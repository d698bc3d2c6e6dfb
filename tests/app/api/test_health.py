"""Probes, measurements and the catalog."""

from app.db import Base, get_engine
from tests.app.wire import ask


def test_probes_answer_anybody_and_say_what_is_missing(api):
    assert ask(api, "GET", "/healthz").json == {"status": "ok"}
    assert ask(api, "GET", "/readyz").json == {"status": "ok", "parts": {"database": "ok", "storage": "ok"}}
    Base.metadata.drop_all(get_engine())
    answer = ask(api, "GET", "/readyz")
    assert answer.status == 503 and "tables are missing" in answer.json["parts"]["database"]
    assert ask(api, "GET", "/healthz").status == 200


def test_measurements_count_routes_by_pattern_and_jobs_by_state(ann):
    ann.get("/api/v1/runs/secret-id")
    text = ann.get("/metrics").body.decode()
    assert 'studio_requests_total{method="GET",route="/api/v1/runs/{run_id}",status="404"}' in text
    assert 'studio_jobs{state="queued"} 0.0' in text
    assert "secret-id" not in text


def test_the_catalog_lists_every_setting_with_its_schema(ann):
    catalog = ann.get("/api/v1/catalog").json
    assert {"lora", "full"} <= {each["kind"] for each in catalog["methods"]}
    assert "text-classification" in {each["kind"] for each in catalog["task_types"]}
    assert "starter-encoder" in {each["name"] for each in catalog["base_models"]}
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
    # Marked words come in one of several forms, so no single column is required.
    free = [each["kind"] for each in catalog["task_types"] if not each["schema"].get("required")]
    assert free == ["token-classification"]
