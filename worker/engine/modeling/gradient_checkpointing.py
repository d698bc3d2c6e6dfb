"""Gradient checkpointing: the inside of each block is computed again on the way back instead of being kept.

Knows a model with blocks as transformers builds them; what is learned is the same.
"""

from typing import Any, cast

from peft import PeftModel
from torch import nn


def recompute_blocks(body: nn.Module) -> None:
    """Let every block that learns drop its inside after the way forward; only while the body is in training mode."""
    base = body.get_base_model() if isinstance(body, PeftModel) else body
    # The other kind of checkpointing needs inputs with gradients, which a frozen embedding does not give.
    cast(Any, base).activation_checkpointing_enable({"use_reentrant": False})
    # transformers prepares a wrapped model for that other kind all the same; gradients would be carried through blocks that
    # learn nothing.
    cast(Any, base).disable_input_require_grads()
