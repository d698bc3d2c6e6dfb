"""OFT: rotates the weights block by block (arXiv 2306.07280)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod, largest_divisor

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Oft(LinearMethod):
    """Settings of OFT."""

    kind: Literal["oft"] = "oft"
    block_size: int = Field(
        32,
        ge=2,
        le=256,
        title="Block size",
        description="Width of the orthogonal blocks; the nearest size below that fits every layer is used.",
    )

    title: ClassVar[str] = "OFT"
    summary: ClassVar[str] = (
        "Orthogonal transformation (rotation) of the weights, which keeps the angles between neurons."
    )
    when: ClassVar[str] = "The model must keep its other abilities."
    against: ClassVar[str] = "A little slower than LoRA (up to a fifth)."
    source: ClassVar[str] = "Qiu et al. 2023, arXiv 2306.07280"
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders, 5e-4 for large models."""
        return rate_by_size(base, small=3e-3, large=5e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """An angle for every pair of directions in every block of the inputs."""
        size = largest_divisor(self.block_size, [(inputs, inputs) for inputs, _ in shapes])
        return inputs // size * (size * (size - 1) // 2)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """One block size for all chosen layers."""
        from peft import OFTConfig

        size = largest_divisor(self.block_size, [(inputs, inputs) for inputs, _ in self.model_shapes(model)])
        return OFTConfig(oft_block_size=size, target_modules=self.target_names(model))
