"""Which blocks a setting names."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.methods.layer_range import Layers, chosen_layers
from app.errors import Rejected
from tests.methods.choice import make


@pytest.mark.parametrize("layers", ["last 7", "4-9"])
def test_layers_that_the_model_does_not_have_are_refused(layers: str) -> None:
    with pytest.raises(Rejected, match="has 6"):
        make("lora", layers=layers).check(STARTER_ENCODER)


@pytest.mark.parametrize("layers", ["some", "last", "6-2", "0-3"])
def test_layers_that_nobody_can_read_are_refused(layers: str) -> None:
    with pytest.raises(ValidationError, match="range such as"):
        make("lora", layers=layers)


@pytest.mark.parametrize(
    ("layers", "chosen"),
    [
        ("all", range(6)),
        ("last 1", range(5, 6)),
        ("last 6", range(6)),
        ("1-6", range(6)),
        ("2-3", range(1, 3)),
        ("6-6", range(5, 6)),
    ],
)
def test_blocks_are_counted_from_1_at_the_input(layers: str, chosen: range) -> None:
    assert chosen_layers(layers, 6) == chosen


def test_case_and_spaces_do_not_count() -> None:
    assert TypeAdapter(Layers).validate_python("  Last   4 ") == "last 4"
