"""LoHa: the addition is the element-wise product of two low-rank matrices (arXiv 2108.06098)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class LoHa(LinearMethod):
    """Settings of LoHa."""

    kind: Literal["loha"] = "loha"
    rank: int = Field(
        8,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    alpha: int = Field(
        16,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update (alpha / rank); usually twice the rank.",
    )

    title: ClassVar[str] = "LoHa"
    summary: ClassVar[str] = "Hadamard (elementwise) product of two low-rank updates: a higher rank at the same size."
    when: ClassVar[str] = "LoRA's rank is the limit and the download must stay small."
    against: ClassVar[str] = "Takes 1.2 times as long as LoRA; not on a base model in 4 bits."
    source: ClassVar[str] = "Hyeon-Woo et al. 2021, arXiv 2108.06098"
    relative_time: ClassVar[float] = 1.2
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders, 1e-3 for large models."""
        return rate_by_size(base, small=3e-3, large=1e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """Two pairs of matrices."""
        return 2 * self.rank * (inputs + outputs)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import LoHaConfig

        return LoHaConfig(r=self.rank, alpha=self.alpha, target_modules=self.target_names(model))
