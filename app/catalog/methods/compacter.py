"""Compacter: bottleneck adapters whose matrices are sums of Kronecker products (Mahabadi et al. 2021)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.adapter_placement import AdapterMethod
from app.catalog.methods.capabilities import ATTENTION_END, FEED_FORWARD_END
from app.catalog.methods.learning_rates import rate_by_size
from app.errors import Rejected
from app.languages import gettext as _


class Compacter(AdapterMethod):
    """Settings of Compacter."""

    kind: Literal["compacter"] = "compacter"
    placement: Literal["houlsby", "pfeiffer"] = Field(
        "houlsby",
        title="Placement",
        description="houlsby inserts two modules into each layer, after attention and after the feed-forward part; "
        "pfeiffer only the second (the paper's Compacter++).",
    )
    terms: Literal[2, 4, 8] = Field(
        4,
        title="Terms",
        description="Kronecker products in each matrix. More terms can express more and have more parameters.",
    )

    title: ClassVar[str] = "Compacter"
    summary: ClassVar[str] = (
        "Adapter modules between the layers, parameterised by Kronecker products of very few numbers."
    )
    when: ClassVar[str] = "Thousands of variants must be stored, each as small as possible."
    against: ClassVar[str] = (
        "Slower than a plain bottleneck adapter and not better; the matrices are assembled at every use."
    )
    source: ClassVar[str] = "Mahabadi et al. 2021, arXiv 2106.04647"
    level: ClassVar[str] = "advanced"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 for small encoders (measured on Banking77): few parameters need larger steps than plain adapters."""
        return rate_by_size(base, small=1e-2, large=3e-3)

    def check(self, base: BaseModelCard) -> None:
        """The model's width must be a multiple of the number of terms."""
        super().check(base)
        if base.hidden_size % self.terms:
            raise Rejected(
                "range",
                _(
                    "{terms} terms do not divide the model's width of {hidden_size}.",
                    terms=self.terms,
                    hidden_size=base.hidden_size,
                ),
                _("Choose 2 or 4 terms, or the bottleneck adapter."),
                details={"fields": {"method.terms": _("a divisor of {hidden_size}", hidden_size=base.hidden_size)}},
            )

    def narrow(self, width: int) -> int:
        """Width of a module: a multiple of the number of terms."""
        return max(1, round(width / self.reduction / self.terms)) * self.terms

    def adapter_parameters(self, width: int) -> int:
        """Rules (terms cubed), two thin factors and a bias for each of the two matrices."""
        narrow = self.narrow(width)
        return 2 * (self.terms**3 + width + narrow) + narrow + width

    def insertion_points(self) -> tuple[str, ...]:
        """Those of the bottleneck adapter."""
        return (FEED_FORWARD_END, ATTENTION_END) if self.placement == "houlsby" else (FEED_FORWARD_END,)

    def options(self) -> dict[str, Any]:
        """Kronecker products, and the paper's bend."""
        return {"phm": self.terms, "activation": "gelu"}
