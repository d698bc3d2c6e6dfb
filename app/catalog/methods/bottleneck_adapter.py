"""Bottleneck adapters: small modules inserted into every block (Houlsby et al. 2019, Pfeiffer et al. 2020)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.adapter_placement import AdapterMethod
from app.catalog.methods.capabilities import ATTENTION_END, FEED_FORWARD_END
from app.catalog.methods.learning_rates import rate_by_size


class BottleneckAdapter(AdapterMethod):
    """Settings of a bottleneck adapter."""

    kind: Literal["bottleneck-adapter"] = "bottleneck-adapter"
    placement: Literal["houlsby", "pfeiffer"] = Field(
        "houlsby",
        title="Placement",
        description="houlsby inserts two modules into each layer, after attention and after the feed-forward part; "
        "pfeiffer only the second, which halves size and cost.",
    )
    activation: Literal["relu", "gelu", "silu"] = Field(
        "relu",
        title="Activation function",
        description="Activation function between the two projections of a module.",
    )

    title: ClassVar[str] = "Bottleneck adapter"
    summary: ClassVar[str] = "Small adapter modules between the layers of a frozen model."
    when: ClassVar[str] = "Little time to tune hyperparameters: with LoRA the method that works best without a search."
    against: ClassVar[str] = (
        "The modules cannot be merged into the model's weights, and the download needs the file that comes with it."
    )
    source: ClassVar[str] = "Houlsby et al. 2019, arXiv 1902.00751; Pfeiffer et al. 2020, arXiv 2005.00247"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders (measured on Banking77), 1e-3 from a billion weights."""
        return rate_by_size(base, small=3e-3, large=1e-3)

    def insertion_points(self) -> tuple[str, ...]:
        """After the layers that write into the residual stream, or after the feed-forward part only."""
        return (FEED_FORWARD_END, ATTENTION_END) if self.placement == "houlsby" else (FEED_FORWARD_END,)

    def options(self) -> dict[str, Any]:
        """The bend."""
        return {"activation": self.activation}
