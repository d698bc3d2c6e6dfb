"""Recommended rates between small and large models."""

from dataclasses import replace

import pytest

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.methods.learning_rates import rate_by_size


@pytest.mark.parametrize(
    ("parameters", "rate"),
    [
        (0, 1e-2),
        (5_000_000, 1e-2),
        (30_000_000, 1e-2),
        # Half the way from 30 million to a billion by logarithms: the geometric means of sizes and of rates.
        (173_205_081, 1e-3),
        (1_000_000_000, 1e-4),
        (70_000_000_000, 1e-4),
    ],
)
def test_rate_falls_evenly_on_a_logarithmic_scale(parameters: int, rate: float) -> None:
    assert rate_by_size(replace(STARTER_ENCODER, parameters=parameters), small=1e-2, large=1e-4) == pytest.approx(rate)


def test_rate_has_two_digits() -> None:
    assert rate_by_size(replace(STARTER_ENCODER, parameters=100_000_000), small=3e-3, large=3e-4) == 0.0014
