"""Watches that what a method adds really learns: it gets a gradient, and it moves. Knows no method and no data.

Some combinations of model, number format and method fail without an error; a run would then end with the untouched model.
"""

import torch

from app.errors import StudioError
from worker.engine.modeling.parameters import trainable_parameters

# So many updates without any movement are no slow start any more.
PATIENCE = 20
# Numbers that are watched in each tensor.
SAMPLE = 1024


class GradientCheck:
    """One per run, made before its first update; ``last`` is the run's last update."""

    def __init__(self, adapter: torch.nn.Module, start: int, last: int) -> None:
        self._adapter = adapter
        self._check_movement_at = min(start + PATIENCE, last)
        self._gradient_due = True
        self._begin = {name: _sample(each) for name, each in trainable_parameters(adapter).items()}

    def after_backward(self, step: int) -> None:
        """Look at the gradients of the first update, and of the first after each evaluation.

        Raises:
            StudioError: none of them differs from zero.
        """
        if not self._gradient_due or not self._begin:
            return
        self._gradient_due = False
        gradients = [each.grad for each in trainable_parameters(self._adapter).values() if each.grad is not None]
        if not any(bool(each.any()) for each in gradients):
            raise StudioError(
                "no_gradient",
                f"At step {step} nothing that this method trains received a gradient; it would learn nothing.",
                "Choose another tuning method, or full precision for the base model.",
                details={"step": step, "tensors": len(self._begin)},
            )

    def after_update(self, step: int) -> None:
        """After some updates, look whether anything has moved.

        Raises:
            StudioError: every watched number is what it was at the beginning.
        """
        if step != self._check_movement_at or not self._begin:
            return
        now = trainable_parameters(self._adapter)
        if not any(bool((_sample(now[name]) != begin).any()) for name, begin in self._begin.items()):
            raise StudioError(
                "nothing_moves",
                f"After {step} updates nothing that this method trains has changed.",
                "Raise the learning rate, or choose another tuning method.",
                details={"step": step},
            )

    def after_evaluation(self) -> None:
        """Reading rows without learning can switch learning off for good in quantised models: look again."""
        self._gradient_due = True


def _sample(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().flatten()[:SAMPLE].clone()
