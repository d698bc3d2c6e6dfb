"""Estimates are arithmetic that moves the right way and refuses what a run would refuse."""

import pytest

from app.errors import StudioError
from app.services.estimates.estimates import estimate
from tests.app.api.test_datasets import FILE

BASE = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "training": {}, "rows": 1000}


def test_it_answers_with_its_basis(ann):
    dataset = ann.upload([FILE]).json["id"]
    body = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "dataset_id": dataset}
    answer = ann.post("/api/v1/estimates", json_body=body)
    assert answer.status == 200, answer.body
    assert "rows" in answer.json["basis"] and answer.json["fit"] in ("fits", "tight", "too large")
    missing = ann.post("/api/v1/estimates", json_body={"base_model": "starter-encoder", "method": {"kind": "lora"}})
    assert missing.code == "missing_field"


def test_more_work_costs_more(studio_home):
    small, large = estimate(**BASE), estimate(**{**BASE, "rows": 100_000})
    assert large["seconds"][0] > small["seconds"][1] and large["memory_likely"] < 1.5 * small["memory_likely"]
    full = estimate(**{**BASE, "method": {"kind": "full"}})
    assert full["trainable_parameters"] > 20 * small["trainable_parameters"]
    assert (
        full["memory_parts"]["optimiser"] > 20 * small["memory_parts"]["optimiser"]
        and full["seconds_likely"] > small["seconds_likely"]
    )
    short = estimate(**{**BASE, "training": {"max_length": 16}})
    assert short["memory_bytes"][1] < small["memory_bytes"][1]
    for low, high in (small["seconds"], small["memory_bytes"], full["seconds"]):
        assert 0 < low <= high


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"training": {"epochs": 0}}, "range"),
        ({"training": {"epochs": float("nan")}}, "range"),
        ({"training": {"output_dir": "x"}}, "unknown_field"),
        ({"base_model": "../x"}, "unknown_base_model"),
        ({"rows": 0}, "range"),
    ],
)
def test_it_refuses_what_a_run_would_refuse(studio_home, change, code):
    with pytest.raises(StudioError) as refused:
        estimate(**{**BASE, **change})
    assert refused.value.code == code


def test_fewer_bits_and_computing_twice_need_less_memory(studio_home):
    def parts(**training):
        return estimate(**{**BASE, "training": training})["memory_parts"]

    full, quarter = parts(), parts(base_precision="4-bit")
    assert quarter["weights"] < 0.2 * full["weights"]
    assert estimate(**{**BASE, "method": {"kind": "qlora"}})["memory_parts"]["weights"] == quarter["weights"]
    assert parts(gradient_checkpointing=True)["activations"] < 0.5 * full["activations"]
