"""DeLoRA: direction and strength of the addition learn apart, strength is bounded (arXiv 2503.18225)."""

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


class Delora(LinearMethod):
    """Settings of DeLoRA."""

    kind: Literal["delora"] = "delora"
    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    strength: int = Field(
        15,
        ge=1,
        le=100,
        title="Initial bound (lambda)",
        description="Bound of the update's norm at the start of training.",
    )

    title: ClassVar[str] = "DeLoRA"
    summary: ClassVar[str] = "LoRA with a bounded norm of the update."
    when: ClassVar[str] = "High learning rates or long runs, where LoRA becomes unstable."
    against: ClassVar[str] = "Full precision only; no gain where LoRA is stable."
    source: ClassVar[str] = "Bini et al. 2025, arXiv 2503.18225"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders, 1e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=3e-3, large=1e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """LoRA's and one strength."""
        return self.rank * (inputs + outputs) + 1

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import DeloraConfig

        return DeloraConfig(r=self.rank, delora_lambda=self.strength, target_modules=self.target_names(model))
