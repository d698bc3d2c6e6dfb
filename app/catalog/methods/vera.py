"""VeRA: all layers share random matrices, each learns only how to scale them (arXiv 2310.11454)."""

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


class Vera(LinearMethod):
    """Settings of VeRA."""

    kind: Literal["vera"] = "vera"
    rank: int = Field(
        256,
        ge=1,
        le=2048,
        title="Rank",
        description="Width of the shared random matrices.",
    )

    title: ClassVar[str] = "VeRA"
    summary: ClassVar[str] = "All layers share two frozen random matrices; each layer learns only scaling vectors."
    when: ClassVar[str] = "Very many variants of one model: a few trainable parameters per layer."
    against: ClassVar[str] = "Low ceiling, and the download still holds the shared matrices."
    source: ClassVar[str] = "Kopiczko et al. 2023, arXiv 2310.11454"
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-2 for small encoders, 4e-3 for large models."""
        return rate_by_size(base, small=2e-2, large=4e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """A scale for every direction and every output."""
        return self.rank + outputs

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import VeraConfig

        return VeraConfig(r=self.rank, target_modules=self.target_names(model))
