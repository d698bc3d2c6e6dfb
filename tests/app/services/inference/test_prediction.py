"""Predictions: limits of the inputs, checked before any server is asked."""

import pytest

from app.errors import Rejected
from app.services.inference import prediction


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([], "inputs"),
        (["a"] * 257, "inputs"),
        (["a", " \n"], "empty_input"),
        (["a", "x" * 20_001], "input_too_long"),
    ],
)
def test_inputs_outside_the_limits_are_refused(inputs: list[str], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        prediction.predict("nobody", "some-run", inputs)
    assert refused.value.code == code


def test_base_model_has_no_labels() -> None:
    with pytest.raises(Rejected, match="base model 'starter-encoder' has not learned your labels"):
        prediction.predict("nobody", "base:starter-encoder", ["a"])
