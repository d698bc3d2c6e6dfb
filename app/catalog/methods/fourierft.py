"""FourierFT: the addition is a sparse Fourier spectrum (arXiv 2405.03003)."""

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


class FourierFt(LinearMethod):
    """Settings of FourierFT."""

    kind: Literal["fourierft"] = "fourierft"
    frequencies: int = Field(
        1000,
        ge=1,
        le=100_000,
        title="Frequencies",
        description="Trainable coefficients per layer; layers that are smaller than this use fewer.",
    )

    title: ClassVar[str] = "FourierFT"
    summary: ClassVar[str] = "Learns a few Fourier coefficients of the update of each layer."
    when: ClassVar[str] = "Very small downloads, with control of their exact size."
    against: ClassVar[str] = "Takes 1.4 times as long as LoRA, and at usual learning rates it learns little."
    source: ClassVar[str] = "Gao et al. 2024, arXiv 2405.03003"
    relative_time: ClassVar[float] = 1.4
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-2 for small encoders, 1e-2 for large models; too low a rate learns nothing."""
        return rate_by_size(base, small=3e-2, large=1e-2)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """The frequencies, as far as the smallest layer has room for them."""
        return min(self.frequencies, min(wide * high for wide, high in shapes))

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """As many frequencies as the smallest of the chosen layers has room for."""
        from peft import FourierFTConfig

        room = min(inputs * outputs for inputs, outputs in self.model_shapes(model))
        return FourierFTConfig(n_frequency=min(self.frequencies, room), target_modules=self.target_names(model))
