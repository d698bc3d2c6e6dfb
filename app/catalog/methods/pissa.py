"""PiSSA: LoRA that starts from the strongest directions of the weights (arXiv 2404.02948)."""

from typing import Any, ClassVar, Literal

from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.lora_family import ReinitializedLora


class Pissa(ReinitializedLora):
    """Settings of PiSSA."""

    kind: Literal["pissa"] = "pissa"

    title: ClassVar[str] = "PiSSA"
    summary: ClassVar[str] = "LoRA initialised with the principal singular vectors of the model's weights."
    when: ClassVar[str] = "Short runs: it learns faster at the start than LoRA."
    against: ClassVar[str] = (
        "Full precision only; the download has twice the rank, because it is turned into plain LoRA."
    )
    source: ClassVar[str] = "Meng et al. 2024, arXiv 2404.02948"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(
        switch_off=False, nf4=False, int8=False, mixed_batches=True, combine=True
    )

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """Below LoRA's: the start is already where the weights are strong."""
        return rate_by_size(base, small=5e-4, large=1e-4)

    def options(self) -> dict[str, Any]:
        """An exact decomposition: the fast one is not the same twice."""
        return {"init_lora_weights": "pissa"}
