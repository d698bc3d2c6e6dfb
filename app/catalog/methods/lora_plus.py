"""LoRA+: the second matrix learns faster than the first (arXiv 2402.12354)."""

from typing import ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.lora_family import LoraFamily


class LoraPlus(LoraFamily):
    """Settings of LoRA+."""

    kind: Literal["lora-plus"] = "lora-plus"
    ratio: float = Field(
        16.0,
        ge=1,
        le=64,
        title="Learning rate ratio",
        description="How many times higher the learning rate of matrix B is; 16 is the paper's choice.",
    )

    title: ClassVar[str] = "LoRA+"
    summary: ClassVar[str] = "LoRA with a higher learning rate for matrix B than for matrix A."
    when: ClassVar[str] = "Short runs that should converge quickly; the download is plain LoRA."
    against: ClassVar[str] = "One more hyperparameter; in longer runs LoRA ends as well."
    source: ClassVar[str] = "Hayou et al. 2024, arXiv 2402.12354"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(mixed_batches=True, combine=True)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """A quarter of LoRA's: most of the learning happens at `ratio` times this rate."""
        return rate_by_size(base, small=2.5e-4, large=5e-5)

    def rate_factor(self, name: str) -> float:
        """The second matrix of every pair learns `ratio` times faster."""
        return self.ratio if "lora_B" in name else 1.0
