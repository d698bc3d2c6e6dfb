"""Predictions: limits of the inputs, checked before any server is asked."""

import pytest

from app.catalog.task_types.text_pairs import FIRST, SECOND
from app.errors import Rejected
from app.services.inference import prediction


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([], "inputs"),
        (["a"] * 257, "inputs"),
        (["a", " \n"], "empty_input"),
        (["a", "x" * 20_001], "input_too_long"),
        ([["a", "b"], ["a", ""]], "empty_input"),
    ],
)
def test_inputs_outside_the_limits_are_refused(inputs: list[str | list[str]], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        prediction.predict("nobody", "some-run", inputs)
    assert refused.value.code == code


def test_base_model_has_no_labels() -> None:
    with pytest.raises(Rejected, match="base model 'starter-encoder' has not learned your labels"):
        prediction.predict("nobody", "base:starter-encoder", ["a"])


def test_a_model_is_asked_for_as_many_texts_as_it_reads_together() -> None:
    prediction.check_numbers((FIRST, SECOND), [["a", "b"]])
    prediction.check_numbers((FIRST,), [["a"]])
    with pytest.raises(Rejected, match="reads 2 texts together; input 2 has 1") as refused:
        prediction.check_numbers((FIRST, SECOND), [["a", "b"], ["a"]])
    assert refused.value.hint == "Send each input as a list: First text, Second text."
    with pytest.raises(Rejected, match="Input 1 is a list of texts"):
        prediction.check_numbers((FIRST,), [["a", "b"]])
