"""Combining and shrinking over HTTP: queued with what is needed to repeat it, refused with a reason, each only by its owner."""

import json
from typing import Any

from tests.app.conftest import Person
from tests.app.finished_runs import LORA, finished
from tests.factories import make_run, make_version

DORA = {"adapter_config.json": json.dumps({"peft_type": "LORA", "r": 8, "use_dora": True}).encode()}
ELSEWHERE = {"adapter_config.json": json.dumps({"peft_type": "LORA", "r": 8, "target_modules": ["o"]}).encode()}


def combine(person: Person, run_ids: list[str], **settings: Any) -> Any:
    return person.post("/api/v1/runs/combine", json_body={"run_ids": run_ids, **settings})


def test_combining_two_runs_queues_one(ann: Person) -> None:
    ids = [finished(ann.id, "First"), finished(ann.id, "Second", method={"kind": "rslora"})]
    answer = combine(ann, ids, weights=[3, 1])
    assert answer.status == 201
    run = answer.json
    assert run["state"] == "queued" and run["name"] == "First + Second"
    assert run["spec"]["method"]["rank"] == 16
    assert run["spec"]["origin"]["parents"] == [
        {"run_id": ids[0], "name": "First", "weight": 3.0},
        {"run_id": ids[1], "name": "Second", "weight": 1.0},
    ]


def test_lora_extraction_from_a_full_fine_tune_is_queued(ann: Person) -> None:
    run_id = finished(ann.id, "Whole", {"model.safetensors": b"0"}, method={"kind": "full"})
    run = ann.post(f"/api/v1/runs/{run_id}/shrink", json_body={"rank": 24}).json
    assert run["name"] == "Whole, shrunk to rank 24"
    assert run["spec"]["origin"]["rank"] == run["spec"]["method"]["rank"] == 24


def test_arrow_routing_is_queued(ann: Person) -> None:
    ids = [finished(ann.id, "First"), finished(ann.id, "Second", method={"kind": "rslora"})]
    spec = combine(ann, ids, how="arrow", top_k=1, temperature=0.5).json["spec"]
    assert spec["method"] == {"kind": "routed"}
    assert (spec["origin"]["how"], spec["origin"]["top_k"], spec["origin"]["temperature"]) == ("arrow", 1, 0.5)
    made = finished(ann.id, "Routed", method={"kind": "routed"})
    error = combine(ann, [ids[0], made]).json["error"]
    assert error["code"] == "method_cannot" and "LoRA" in error["hint"]


def test_an_adapter_is_queued_to_be_merged_into_a_plain_model(ann: Person) -> None:
    run_id = finished(ann.id, "Small", method={"kind": "qlora"})
    run = ann.post(f"/api/v1/runs/{run_id}/merge", json_body={}).json
    assert run["name"] == "Small, merged"
    assert run["spec"]["method"] == {"kind": "full"}
    assert run["spec"]["origin"]["parents"] == [{"run_id": run_id, "name": "Small", "weight": 1.0}]
    whole = finished(ann.id, "Whole", {"model.safetensors": b"0"}, method={"kind": "full"})
    assert ann.post(f"/api/v1/runs/{whole}/merge", json_body={}).json["error"]["code"] == "whole_already"


REFUSED: list[tuple[dict[str, bytes], dict[str, Any], dict[str, Any], str]] = [
    (LORA, {"labels": ["a", "b"]}, {}, "different_labels"),
    (DORA, {"method": {"kind": "dora"}}, {}, "method_cannot"),
    ({"model.safetensors": b"0"}, {"method": {"kind": "full"}}, {}, "method_cannot"),
    (DORA, {}, {}, "not_combinable"),
    (ELSEWHERE, {}, {"how": "arrow"}, "different_parts"),
    (LORA, {}, {"how": "arrow", "weights": [1, 2]}, "weights"),
    (LORA, {}, {"how": "arrow", "top_k": 0}, "range"),
    (LORA, {"method": {"kind": "qlora"}}, {}, "quantised_base"),
    (LORA, {}, {"weights": [1]}, "weights"),
    (LORA, {}, {"weights": [0, 0]}, "weights"),
    (LORA, {}, {"weights": [-1, 2]}, "range"),
]


def test_runs_that_do_not_fit_together_are_refused_with_a_code(ann: Person) -> None:
    first = finished(ann.id, "First")
    for files, spec, settings, code in REFUSED:
        answer = combine(ann, [first, finished(ann.id, "Second", files, **spec)], **settings)
        assert (answer.status, answer.json["error"]["code"]) == (422, code)


def test_sum_of_ranks_beyond_the_limit_is_refused_with_an_alternative(ann: Person) -> None:
    wide = {"adapter_config.json": json.dumps({"peft_type": "LORA", "r": 200}).encode()}
    ids = [finished(ann.id, "First", wide), finished(ann.id, "Second", wide)]
    error = combine(ann, ids).json["error"]
    assert "400" in error["message"] and "average-svd" in error["hint"]
    assert combine(ann, ids, how="average-svd", rank=32).status == 201


def test_runs_that_cannot_be_parents_are_refused(ann: Person) -> None:
    first = finished(ann.id, "First")
    assert combine(ann, [first, first]).json["error"]["code"] == "too_few_runs"
    waiting = make_run(ann.id, make_version(ann.id), "Waiting").id
    assert combine(ann, [first, waiting]).json["error"]["code"] == "not_finished"
    assert ann.post(f"/api/v1/runs/{first}/shrink", json_body={}).json["error"]["code"] == "method_cannot"


def test_derived_run_cannot_be_continued(ann: Person) -> None:
    run_id = finished(ann.id, "Made", origin={"kind": "shrunk", "parents": [{"run_id": "x"}], "rank": 8})
    answer = ann.post(f"/api/v1/runs/{run_id}/continue", json_body={"epochs": 1})
    assert (answer.status, answer.json["error"]["code"]) == (409, "made_of_runs")


def test_run_of_another_user_is_refused_as_parent(ann: Person, bob: Person) -> None:
    mine, theirs = finished(bob.id, "Mine"), finished(ann.id, "Theirs")
    assert combine(bob, [mine, theirs]).status == 404
    assert bob.post(f"/api/v1/runs/{theirs}/shrink", json_body={}).status == 404
