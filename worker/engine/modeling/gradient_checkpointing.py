"""Gradient checkpointing: the activations of each block are computed again in the backward pass instead of being stored."""

from typing import Any, cast

from peft import PeftModel
from torch import nn


def enable_gradient_checkpointing(body: nn.Module) -> None:
    """Let every block drop its activations after the forward pass; only while the body is in training mode."""
    base = body.get_base_model() if isinstance(body, PeftModel) else body
    # Reentrant checkpointing needs inputs with gradients, which a frozen embedding does not give.
    cast(Any, base).activation_checkpointing_enable({"use_reentrant": False})
    # transformers prepares a peft model for the reentrant kind all the same; gradients would go through frozen blocks.
    cast(Any, base).disable_input_require_grads()
