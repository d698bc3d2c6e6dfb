"""Estimates move in the right direction, and refuse the settings that a run would refuse."""

import pytest

from app.errors import StudioError
from app.services.estimates.estimates import EstimateRequest, estimate

BASE = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "training": {}, "rows": 1000}


def test_more_work_costs_more_time_and_memory(studio_home):
    small, large = estimate(EstimateRequest(**BASE)), estimate(EstimateRequest(**{**BASE, "rows": 100_000}))
    assert large.seconds[0] > small.seconds[1] and large.memory_likely < 1.5 * small.memory_likely
    full = estimate(EstimateRequest(**{**BASE, "method": {"kind": "full"}}))
    assert full.trainable_parameters > 20 * small.trainable_parameters
    assert (
        full.memory_parts["optimiser"] > 20 * small.memory_parts["optimiser"]
        and full.seconds_likely > small.seconds_likely
    )
    short = estimate(EstimateRequest(**{**BASE, "training": {"max_length": 16}}))
    assert short.memory_bytes[1] < small.memory_bytes[1]
    for low, high in (small.seconds, small.memory_bytes, full.seconds):
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
def test_settings_that_a_run_refuses_are_refused(studio_home, change, code):
    with pytest.raises(StudioError) as refused:
        estimate(EstimateRequest(**{**BASE, **change}))
    assert refused.value.code == code


def test_quantization_and_gradient_checkpointing_need_less_memory(studio_home):
    def parts(**training):
        return estimate(EstimateRequest(**{**BASE, "training": training})).memory_parts

    full, quarter = parts(), parts(base_precision="4-bit")
    assert quarter["weights"] < 0.2 * full["weights"]
    assert (
        estimate(EstimateRequest(**{**BASE, "method": {"kind": "qlora"}})).memory_parts["weights"] == quarter["weights"]
    )
    assert parts(gradient_checkpointing=True)["activations"] < 0.5 * full["activations"]
