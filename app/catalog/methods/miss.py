"""MiSS: one shared matrix is added to slices of every layer (arXiv 2409.15371)."""

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


class Miss(LinearMethod):
    """Settings of MiSS."""

    kind: Literal["miss"] = "miss"
    rank: int = Field(
        32,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the added matrix. Higher learns more detail and makes a larger download.",
    )

    title: ClassVar[str] = "MiSS"
    summary: ClassVar[str] = "One small matrix shared by the shards of each layer: less memory and time than LoRA."
    when: ClassVar[str] = "Speed and memory matter; it can be turned into plain LoRA without loss."
    against: ClassVar[str] = "Forgets about four times as much as LoRA in peft's benchmark."
    source: ClassVar[str] = "Kang & Yin 2024, arXiv 2409.15371"
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-4 for small encoders, 1e-4 for large models."""
        return rate_by_size(base, small=5e-4, large=1e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """rank x outputs."""
        return self.rank * outputs

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import MissConfig

        return MissConfig(r=self.rank, target_modules=self.target_names(model))
