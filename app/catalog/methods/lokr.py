"""LoKr: the addition is the Kronecker product of two small matrices (arXiv 2309.14859, 2212.10650)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class LoKr(LinearMethod):
    """Settings of LoKr (KronA)."""

    kind: Literal["lokr"] = "lokr"
    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    alpha: int = Field(
        16,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update (alpha / rank); usually equal to the rank.",
    )
    factor: int = Field(
        8,
        ge=2,
        le=64,
        title="Factor",
        description="Size of the first of the two matrices.",
    )

    title: ClassVar[str] = "LoKr (KronA)"
    summary: ClassVar[str] = "Kronecker product of two small matrices as the update of each layer."
    when: ClassVar[str] = "Downloads must be small: about a tenth of LoRA's parameters."
    against: ClassVar[str] = "Takes 1.3 times as long as LoRA; not on a base model in 4 bits."
    source: ClassVar[str] = "Yeh et al. 2023, arXiv 2309.14859; Edalati et al. 2022, arXiv 2212.10650"
    relative_time: ClassVar[float] = 1.3
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-3 for small encoders, 3e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=5e-3, large=3e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """The small matrix, and the large one or its two narrow halves."""
        (low, high), (few, many) = _split(outputs, self.factor), _split(inputs, self.factor)
        halves = self.rank < max(high, many) / 2
        return low * few + (self.rank * (high + many) if halves else high * many)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The chosen linear layers."""
        from peft import LoKrConfig

        return LoKrConfig(
            r=self.rank, alpha=self.alpha, decompose_factor=self.factor, target_modules=self.target_names(model)
        )


def _split(width: int, factor: int) -> Shape:
    """Two numbers whose product is ``width``: ``factor`` and the rest, else the most even pair up to ``factor``.

    The search of peft's ``lokr.layer.factorization``, which cannot be imported where torch is not.
    """
    if width % factor == 0:
        return factor, width // factor
    low, high = 1, width
    while low < high:
        more = next(size for size in range(low + 1, width + 1) if width % size == 0)
        if more + width // more > low + high or more > factor:
            break
        low, high = more, width // more
    return (low, high) if low <= high else (high, low)
