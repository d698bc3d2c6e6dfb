"""A run in which nothing trains is stopped instead of ending with the base model."""

import pytest
import torch

from app.errors import StudioError
from worker.engine.loop.gradient_check import PATIENCE, GradientCheck


def test_a_first_update_without_any_gradient_is_refused() -> None:
    layer = torch.nn.Linear(2, 2)
    check = GradientCheck(layer, 0, 100)
    with pytest.raises(StudioError) as refusal:
        check.after_backward(1)
    assert refusal.value.code == "no_gradient"


def test_gradients_are_checked_again_after_an_evaluation() -> None:
    layer = torch.nn.Linear(2, 2)
    layer(torch.ones(1, 2)).sum().backward()
    check = GradientCheck(layer, 0, 100)
    check.after_backward(1)
    layer.zero_grad()
    check.after_backward(2)
    check.after_evaluation()
    with pytest.raises(StudioError):
        check.after_backward(3)


def test_weights_that_never_move_are_refused_after_some_updates() -> None:
    layer = torch.nn.Linear(2, 2)
    check = GradientCheck(layer, 0, 100)
    check.after_update(PATIENCE - 1)
    with pytest.raises(StudioError) as refusal:
        check.after_update(PATIENCE)
    assert refusal.value.code == "nothing_moves"
    moving = GradientCheck(layer, 0, 100)
    with torch.no_grad():
        layer.bias.add_(1.0)
    moving.after_update(PATIENCE)
