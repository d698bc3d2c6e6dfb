"""LoRA: small trainable matrices beside the frozen weights (Hu et al. 2021, arXiv 2106.09685)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.base_models import BaseModelCard
from app.catalog.methods.base import PeftMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Lora(PeftMethod):
    """Settings of LoRA."""

    kind: Literal["lora"] = "lora"
    rank: int = Field(
        16, ge=1, le=256, title="Rank",
        description="Width of the added matrices. Higher learns more detail and makes a larger download.",
    )  # fmt: skip
    alpha: int = Field(
        32, ge=1, le=1024, title="Alpha",
        description="Strength of what is added; usually twice the rank.",
    )  # fmt: skip
    dropout: float = Field(
        0.05, ge=0, lt=0.9, title="Dropout",
        description="Share of inputs hidden from the added matrices while training, against memorising.",
    )  # fmt: skip

    title: ClassVar[str] = "LoRA"
    summary: ClassVar[str] = "Leaves the model as it is and learns a small addition to each layer."
    when: ClassVar[str] = (
        "The right first choice for most data: nearly the quality of full tuning at a fraction of the size."
    )
    against: ClassVar[str] = (
        "When thousands of rows differ strongly from everyday text, full fine-tuning can reach further."
    )
    source: ClassVar[str] = "Hu et al. 2021, arXiv 2106.09685"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-3 for encoders of this size (measured on Banking77)."""
        return 1e-3

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """rank x (inputs + outputs) for every linear layer of every block."""
        return base.layers * sum(self.rank * (inputs + outputs) for inputs, outputs in base.linear_shapes)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Every linear layer of every block."""
        from peft import LoraConfig

        return LoraConfig(r=self.rank, lora_alpha=self.alpha, lora_dropout=self.dropout, target_modules="all-linear")
