"""HiRA: multiplies the weights by a learned low-rank pattern (ICLR 2025)."""

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


class Hira(LinearMethod):
    """Settings of HiRA."""

    kind: Literal["hira"] = "hira"
    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )

    title: ClassVar[str] = "HiRA"
    summary: ClassVar[str] = (
        "Hadamard (elementwise) product of the weights and a low-rank update: high rank at LoRA's size."
    )
    when: ClassVar[str] = "Hard tasks with much data: second best in peft's benchmark."
    against: ClassVar[str] = "Takes 1.3 times as long as LoRA, and needs a learning rate many times higher."
    source: ClassVar[str] = "Huang et al. 2025, HiRA, ICLR (openreview TwJrTz9cRS)"
    relative_time: ClassVar[float] = 1.3
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-2 for small encoders, 4.5e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=2e-2, large=4.5e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """rank x (inputs + outputs)."""
        return self.rank * (inputs + outputs)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import HiraConfig

        return HiraConfig(r=self.rank, target_modules=self.target_names(model))
