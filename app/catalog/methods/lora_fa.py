"""LoRA-FA: the first matrix stays as drawn, the second learns with a corrected gradient (arXiv 2308.03303)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.lora_family import LoraFamily

if TYPE_CHECKING:
    import torch


class LoraFa(LoraFamily):
    """Settings of LoRA-FA."""

    kind: Literal["lora-fa"] = "lora-fa"
    rank: int = Field(
        32,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )

    title: ClassVar[str] = "LoRA-FA"
    summary: ClassVar[str] = "LoRA with matrix A frozen at its random start; only matrix B is trained."
    when: ClassVar[str] = (
        "Memory is the limit: half of LoRA's parameters are trained, and fewer activations are stored."
    )
    against: ClassVar[str] = "Learns less than LoRA at the same rank; 7 points less in peft's benchmark."
    source: ClassVar[str] = "Zhang et al. 2023, arXiv 2308.03303; gradient as in peft's optimiser"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(mixed_batches=True, combine=True)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """Between LoRA's rate and twice that: half of the numbers do all of the work."""
        return rate_by_size(base, small=2e-3, large=5e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """The second matrix alone."""
        return self.rank * outputs

    def initialise(self, model: Any, context: RunContext) -> None:
        """Freeze the first matrix of every pair."""
        for name, parameter in model.named_parameters():
            if "lora_A" in name:
                parameter.requires_grad_(False)

    def before_update(self, model: "torch.nn.Module", step: int) -> None:
        """Turn the gradient of B into the one whose update is nearest to full tuning's: grad (A A^T)^-1 / scale^2."""
        import torch

        for layer in model.modules():
            for name, second in getattr(layer, "lora_B", {}).items():
                if second.weight.grad is None:
                    continue
                first, scale = layer.lora_A[name].weight.float(), layer.scaling[name]  # type: ignore[union-attr, index]
                spread = first @ first.T + 1e-8 * torch.eye(first.shape[0], device=first.device)
                second.weight.grad = second.weight.grad @ torch.linalg.pinv(spread) / scale**2
