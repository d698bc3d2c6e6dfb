"""Scaled parallel adapter: adapter modules in parallel with the feed-forward part (He et al. 2021, arXiv 2110.04366)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.adapter_placement import AdapterMethod
from app.catalog.methods.capabilities import FEED_FORWARD
from app.catalog.methods.learning_rates import rate_by_size


class ParallelAdapter(AdapterMethod):
    """Settings of a parallel adapter."""

    kind: Literal["parallel-adapter"] = "parallel-adapter"
    reduction: int = Field(
        8,
        ge=1,
        le=256,
        title="Reduction",
        description="Reduction factor: how many times narrower the bottleneck is than the model. Smaller learns more "
        "detail and makes a larger download.",
    )
    scale: float = Field(
        4.0,
        gt=0,
        le=32,
        title="Scale",
        description="Scaling of the module's output; 4 is the paper's choice.",
    )
    activation: Literal["relu", "gelu", "silu"] = Field(
        "relu",
        title="Activation function",
        description="Activation function between the two projections of the module.",
    )

    title: ClassVar[str] = "Parallel adapter"
    summary: ClassVar[str] = (
        "Small adapter modules in parallel with the feed-forward part of each layer of a frozen model."
    )
    when: ClassVar[str] = "As the bottleneck adapter, where inference must be fast: the module runs in parallel."
    against: ClassVar[str] = (
        "It cannot be merged into the model's weights, and the download needs the file that comes with it."
    )
    source: ClassVar[str] = "He et al. 2021, arXiv 2110.04366"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-3 for small encoders (measured on Banking77, where 5e-4 to 6e-3 did equally well), 1e-3 from a billion weights."""
        return rate_by_size(base, small=2e-3, large=1e-3)

    def insertion_points(self) -> tuple[str, ...]:
        """Around the feed-forward part."""
        return (FEED_FORWARD,)

    def options(self) -> dict[str, Any]:
        """In parallel with the feed-forward part, not after it."""
        return {"placement": "parallel", "scale": self.scale, "activation": self.activation}
