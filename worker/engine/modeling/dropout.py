"""Fast dropout on a CPU, and none: one random byte decides about an element, eight bytes come from each random number.

torch's own dropout draws one number per element from a serial generator there; measured on the starter encoder, that was
46 % of a LoRA step. The share dropped is rounded to 1/256 and the rest is scaled by exactly that share, so the expected
value is unchanged. Random numbers come from torch's default generator, whose state is in every checkpoint.
"""

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

BYTE_VALUES = 256
INT64_LOWEST = -(2**63)


class ByteDropout(nn.Module):
    """Drops a share ``p`` (0 to 1, rounded to 1/256) of the elements while training."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Same shape and type as ``values``."""
        threshold = min(BYTE_VALUES - 1, round(self.p * BYTE_VALUES))
        if not self.training or threshold == 0:
            return values
        draws = torch.empty((values.numel() + 7) // 8, dtype=torch.int64).random_(INT64_LOWEST, None)
        kept = draws.view(torch.uint8)[: values.numel()].view(values.shape) >= threshold
        return values * kept.to(values.dtype).mul_(BYTE_VALUES / (BYTE_VALUES - threshold))

    def extra_repr(self) -> str:
        """The share, as torch's own dropout prints it."""
        return f"p={self.p}"


def use_fast_dropout(model: nn.Module) -> None:
    """Replace every dropout of a model that computes on the CPU; its share stays."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout:
                setattr(parent, name, ByteDropout(child.p))


def disable_dropout(model: nn.Module) -> None:
    """Set every dropout of a model to 0 for good, also what its modules keep as a number for their attention.

    For losses that hold the model against what it was, which was read without dropout (as trl's ``disable_dropout``).
    """
    for module in model.modules():
        if isinstance(module, _DropoutNd | ByteDropout):
            module.p = 0.0
        for name, value in vars(module).items():
            if "dropout" in name and isinstance(value, float):
                setattr(module, name, 0.0)
