"""The rate that a run takes by default, and its reason."""

import pytest

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.default_rate import DefaultRate, default_rate
from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings

LORA = method_class("lora").model_validate({"kind": "lora"})


def rate_of(rows: int) -> DefaultRate:
    """Of LoRA, whose own rate is 0.001 for this model, in three passes over so many rows in batches of 32."""
    return default_rate(LORA, STARTER_ENCODER, TrainingSettings(), rows)


def test_short_runs_get_a_higher_rate() -> None:
    """The square root of 400 over the updates, between one and two."""
    for rows, updates, raised in ((32_000, 3000, 1.0), (2144, 201, (400 / 201) ** 0.5), (300, 30, 2.0)):
        found = rate_of(rows)
        assert (found.updates, found.own) == (updates, 1e-3) and found.rate == pytest.approx(raised * 1e-3)


def test_reason_of_the_rate() -> None:
    assert rate_of(32_000).reason == "The learning rate is 0.001, the method's own."
    assert rate_of(300).reason == (
        "The learning rate is 0.002, more than the method's own 0.001, because the run has only 30 updates."
    )
