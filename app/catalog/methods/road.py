"""RoAd: turns and stretches pairs of a layer's outputs (arXiv 2409.00119)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod, largest_divisor

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Road(LinearMethod):
    """Settings of RoAd."""

    kind: Literal["road"] = "road"

    title: ClassVar[str] = "RoAd"
    summary: ClassVar[str] = "2D rotation and scaling of pairs of each layer's outputs."
    when: ClassVar[str] = "Hundreds of thousands of variants of one model: some thousand trainable parameters each."
    against: ClassVar[str] = "Low ceiling in peft's benchmark."
    source: ClassVar[str] = "Liao & Monz 2024, arXiv 2409.00119"
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 for small encoders, 3e-3 for large models."""
        return rate_by_size(base, small=1e-2, large=3e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """An angle and a length for every pair of outputs."""
        return outputs // 2 * 2

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Groups of 64 outputs, or fewer where layers are narrow."""
        from peft import RoadConfig

        size = largest_divisor(64, [(outputs, outputs) for _, outputs in self.model_shapes(model)])
        return RoadConfig(variant="road_1", group_size=size, target_modules=self.target_names(model))
