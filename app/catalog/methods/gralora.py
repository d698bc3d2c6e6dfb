"""GraLoRA: every layer is cut into blocks with a small LoRA each (arXiv 2505.20355)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Gralora(LinearMethod):
    """Settings of GraLoRA."""

    kind: Literal["gralora"] = "gralora"
    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    alpha: int = Field(
        32,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update (alpha / rank); usually twice the rank.",
    )

    title: ClassVar[str] = "GraLoRA"
    summary: ClassVar[str] = "Granular LoRA: splits every layer into blocks with a LoRA of their own."
    when: ClassVar[str] = "High ranks, where gradients of different inputs interfere in LoRA."
    against: ClassVar[str] = "Not on quantised encoders; a little slower than LoRA."
    source: ClassVar[str] = "Jung et al. 2025, arXiv 2505.20355"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-3 for small encoders, 2e-4 for large models (peft's benchmark)."""
        return rate_by_size(base, small=2e-3, large=2e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """As LoRA."""
        return self.rank * (inputs + outputs)

    def check(self, base: BaseModelCard) -> None:
        """The rank is shared by two blocks."""
        super().check(base)
        if self.rank % 2:
            raise Rejected("range", _("The rank of GraLoRA is {rank}.", rank=self.rank), _("Choose an even number."))

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import GraloraConfig

        return GraloraConfig(r=self.rank, alpha=self.alpha, gralora_k=2, target_modules=self.target_names(model))
