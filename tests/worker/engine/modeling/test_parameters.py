"""Which parameters train."""

import pytest
from torch import nn

from app.errors import StudioError
from worker.engine.modeling.parameters import count_parameters, trainable_parameters


def test_frozen_parameters_are_counted_but_not_trained() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    assert list(trainable_parameters(model)) == ["1.weight", "1.bias"]
    assert count_parameters(model) == (8, 23)


def test_a_model_without_trainable_parameters_is_refused() -> None:
    with pytest.raises(StudioError) as refusal:
        count_parameters(nn.Linear(2, 2).requires_grad_(False))
    assert refusal.value.code == "nothing_to_train"
