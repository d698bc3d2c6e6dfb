"""C3A: the addition is made of circular convolutions (arXiv 2407.19342)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod, largest_divisor

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class C3a(LinearMethod):
    """Settings of C3A."""

    kind: Literal["c3a"] = "c3a"
    block_size: int = Field(
        64,
        ge=2,
        le=1024,
        title="Block size",
        description="Length of the convolutions; the nearest size below that fits every layer is used. Smaller "
        "learns more detail.",
    )

    title: ClassVar[str] = "C3A"
    summary: ClassVar[str] = "Circular convolutions as the update of each layer: high rank from few parameters."
    when: ClassVar[str] = "Downloads must be small and LoRA at low rank is not enough."
    against: ClassVar[str] = (
        "Takes 1.3 times as long as LoRA, needs learning rates a hundred times higher; not on quantised encoders."
    )
    source: ClassVar[str] = "Chen et al. 2024, arXiv 2407.19342"
    relative_time: ClassVar[float] = 1.3
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-2 for small encoders, 1e-1 for large models."""
        return rate_by_size(base, small=5e-2, large=1e-1)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """inputs x outputs, divided by the block size."""
        return inputs * outputs // largest_divisor(self.block_size, shapes)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """One block size for all chosen layers."""
        from peft import C3AConfig

        size = largest_divisor(self.block_size, self.model_shapes(model))
        return C3AConfig(block_size=size, target_modules=self.target_names(model))
