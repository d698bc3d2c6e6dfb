"""RandLoRA: learned mixtures of random matrices reach full rank (arXiv 2502.00987)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class RandLora(LinearMethod):
    """Settings of RandLoRA."""

    kind: Literal["randlora"] = "randlora"
    rank: int = Field(
        32,
        ge=1,
        le=256,
        title="Rank",
        description="Width of each random matrix. Here a lower rank means more matrices and more trainable parameters.",
    )

    title: ClassVar[str] = "RandLoRA"
    summary: ClassVar[str] = "Learns scalings of shared random low-rank matrices, whose sum reaches full rank."
    when: ClassVar[str] = "LoRA's rank is the limit and training memory is short."
    against: ClassVar[str] = (
        "Takes 1.4 times as long as LoRA, and the download can be large because of the random matrices."
    )
    source: ClassVar[str] = "Albert et al. 2025, arXiv 2502.00987"
    relative_time: ClassVar[float] = 1.4
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-3 for small encoders, 1e-4 for large models."""
        return rate_by_size(base, small=1e-3, large=1e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """Two diagonals for each of the matrices that together reach full rank."""
        narrow = min(inputs, outputs)
        bases = -(-narrow // self.rank)
        return bases * (self.rank + narrow)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The scale is 20, as in the paper, whatever the rank."""
        from peft import RandLoraConfig

        return RandLoraConfig(r=self.rank, randlora_alpha=20 * self.rank, target_modules=self.target_names(model))
