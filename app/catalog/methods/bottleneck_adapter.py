"""Bottleneck adapters: small stations inserted into every block (Houlsby et al. 2019, Pfeiffer et al. 2020)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.adapter_placement import ATTENTION_END, FEED_FORWARD_END, AdapterMethod
from app.catalog.methods.learning_rates import rate_by_size


class BottleneckAdapter(AdapterMethod):
    """Settings of a bottleneck adapter."""

    kind: Literal["bottleneck-adapter"] = "bottleneck-adapter"
    placement: Literal["houlsby", "pfeiffer"] = Field(
        "houlsby",
        title="Placement",
        description="houlsby puts two stations into each layer, after attention and after the feed-forward part; "
        "pfeiffer only the second, which halves size and cost.",
    )
    activation: Literal["relu", "gelu", "silu"] = Field(
        "relu",
        title="Activation",
        description="The bend between the two halves of a station.",
    )

    title: ClassVar[str] = "Bottleneck adapter"
    summary: ClassVar[str] = "Inserts small extra stations between the layers of a model that stays as it is."
    when: ClassVar[str] = "Little time to try settings: with LoRA the method that works best without a search."
    against: ClassVar[str] = (
        "The stations cannot be merged into the model's weights, and the download needs the file that comes with it."
    )
    source: ClassVar[str] = "Houlsby et al. 2019, arXiv 1902.00751; Pfeiffer et al. 2020, arXiv 2005.00247"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders (measured on Banking77), 1e-3 from a billion weights."""
        return rate_by_size(base, small=3e-3, large=1e-3)

    def places(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """After the layers that write into the residual stream, or after the feed-forward part only."""
        return (FEED_FORWARD_END, ATTENTION_END) if self.placement == "houlsby" else (FEED_FORWARD_END,)

    def options(self) -> dict[str, Any]:
        """The bend."""
        return {"activation": self.activation}
