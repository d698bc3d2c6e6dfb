"""Experiments over HTTP: started, watched, decided and stopped; each only by its owner."""

from app.services.datasets.datasets import SAMPLES, import_sample
from tests.app.conftest import Person
from tests.app.finished_runs import finished

METHODS = [{"kind": "lora"}, {"kind": "full"}]


def test_experiment_is_started_chosen_from_and_cancelled_by_its_owner(ann, bob):
    data = import_sample(ann.id, SAMPLES[0].name).id
    made = ann.post("/api/v1/experiments", json_body={"dataset_id": data, "methods": METHODS, "name": "Which one?"})
    assert made.status == 201, made.body
    address = f"/api/v1/experiments/{made.json['id']}"
    payload = ann.get(address).json
    assert payload["name"] == "Which one?" and payload["counts"] == {"runs": 2, "finished": 0, "active": 2}
    assert [experiment["id"] for experiment in ann.get("/api/v1/experiments").json["experiments"]] == [made.json["id"]]
    chosen = ann.post(address + "/choose", json_body={"run_id": payload["rows"][0]["id"]})
    assert chosen.json["chosen_run_id"] == payload["rows"][0]["id"]
    assert ann.post(address + "/cancel").json["counts"]["active"] == 0
    assert ann.post(address + "/cancel").status == 409
    assert bob.get(address).status == bob.post(address + "/cancel").status == 404
    assert bob.get("/api/v1/experiments").json["experiments"] == []
    assert bob.post("/api/v1/experiments", json_body={"dataset_id": data, "methods": METHODS}).status == 404


def test_invalid_body_is_refused(ann):
    data = import_sample(ann.id, SAMPLES[0].name).id
    for change in ({"methods": []}, {"most_runs": 0}, {"most_minutes": -1}, {"secret": 1}, {"dataset_id": None}):
        body = {"dataset_id": data, "methods": METHODS, **change}
        assert ann.post("/api/v1/experiments", json_body=body).status == 422, change


def test_setting_that_a_method_cannot_serve_is_refused_as_the_catalog_says(ann: Person) -> None:
    run_id = finished(ann.id, "Small", method={"kind": "prefix-tuning", "tokens": 4})
    body = {"run_id": run_id, "methods": [{"kind": "lora"}, {"kind": "prefix-tuning"}]}
    answer = ann.post("/api/v1/experiments", json_body={**body, "training": {"gradient_checkpointing": True}})
    assert answer.status == 422
    error = answer.json["error"]
    assert "Prefix tuning cannot train with gradient checkpointing" in error["message"] and "LoRA" in error["hint"]
    cards = {card["kind"]: card for card in ann.get("/api/v1/catalog").json["methods"]}
    assert cards["prefix-tuning"]["refusals"]["gradient_checkpointing"] == f"{error['message']} {error['hint']}"
    assert "gradient_checkpointing" not in cards["lora"]["refusals"]
