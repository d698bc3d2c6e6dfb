"""How numbers are spread."""

import numpy as np

from app.services.profiling.number_profile import BARS, describe_numbers


def test_few_numbers_have_a_bar_each_and_many_share_them() -> None:
    steps = describe_numbers(np.array([1.0, 1, 2, 5]))
    assert steps["counts"] == [2, 1, 1] and steps["edges"] == [0.5, 1.5, 3.5, 6.5]
    many = describe_numbers(np.arange(1000.0))
    assert len(many["counts"]) == BARS and sum(many["counts"]) == many["count"] == 1000
    assert many["quantiles"]["0.5"] == 499.5 and many["distinct"] == 1000
    assert describe_numbers(np.array([3.0, 3.0]))["std"] == 0
