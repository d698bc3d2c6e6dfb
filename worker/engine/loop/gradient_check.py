"""Checks that what a method adds really trains: it gets a gradient, and its weights move.

Some combinations of model, number format and method fail without an error; a run would then end with the base model.
"""

import torch

from app.errors import StudioError
from worker.engine.modeling.parameters import trainable_parameters

# So many updates without any movement are more than a slow start.
PATIENCE = 20
# Numbers that are compared in each tensor.
SAMPLE = 1024


class GradientCheck:
    """One per run, made before its first update; ``last`` is the run's last update."""

    def __init__(self, adapter: torch.nn.Module, start: int, last: int) -> None:
        self._adapter = adapter
        self._check_movement_at = min(start + PATIENCE, last)
        self._gradient_due = True
        self._initial = {name: _sample(weight) for name, weight in trainable_parameters(adapter).items()}

    def after_backward(self, step: int) -> None:
        """Check the gradients of the first update, and of the first after each evaluation.

        Raises:
            StudioError: none of them differs from zero.
        """
        if not self._gradient_due or not self._initial:
            return
        self._gradient_due = False
        gradients = [weight.grad for weight in trainable_parameters(self._adapter).values() if weight.grad is not None]
        if not any(bool(gradient.any()) for gradient in gradients):
            raise StudioError(
                "no_gradient",
                f"At step {step} nothing that this method trains received a gradient; it would learn nothing.",
                "Choose another tuning method, or full precision for the base model.",
                details={"step": step, "tensors": len(self._initial)},
            )

    def after_update(self, step: int) -> None:
        """After :data:`PATIENCE` updates, check that some weight has changed.

        Raises:
            StudioError: every compared number is what it was at the beginning.
        """
        if step != self._check_movement_at or not self._initial:
            return
        now = trainable_parameters(self._adapter)
        if not any(bool((_sample(now[name]) != initial).any()) for name, initial in self._initial.items()):
            raise StudioError(
                "nothing_moves",
                f"After {step} updates nothing that this method trains has changed.",
                "Raise the learning rate, or choose another tuning method.",
                details={"step": step},
            )

    def after_evaluation(self) -> None:
        """Evaluating can switch gradients off for good in quantized models: check the next update again."""
        self._gradient_due = True


def _sample(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().flatten()[:SAMPLE].clone()
