"""Which implementation of attention a model computes with."""

import torch


def reading_attention(fused: bool) -> str:
    """For models that read whole texts.

    On a CPU the fused kernel's backward pass costs a third of a step at sentence length; plain products do not.

    Args:
        fused: whether the model can use torch's fused kernel.
    """
    return "sdpa" if fused and torch.cuda.is_available() else "eager"


def writing_attention(fused: bool) -> str:
    """For models that write, whose examples share rows."""
    return "sdpa" if fused else "eager"
