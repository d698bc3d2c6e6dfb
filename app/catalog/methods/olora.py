"""OLoRA: LoRA that starts from orthonormal directions of the weights (arXiv 2406.01775)."""

from typing import Any, ClassVar, Literal

from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.lora_family import ReinitializedLora


class Olora(ReinitializedLora):
    """Settings of OLoRA."""

    kind: Literal["olora"] = "olora"

    title: ClassVar[str] = "OLoRA"
    summary: ClassVar[str] = "LoRA initialised with an orthonormal basis (QR decomposition) of the model's weights."
    when: ClassVar[str] = "Short runs: it starts as fast as PiSSA and takes less time to set up."
    against: ClassVar[str] = "The download has twice the rank, because it is turned into plain LoRA."
    source: ClassVar[str] = "Bueyuekakyuez 2024, arXiv 2406.01775"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(
        switch_off=False, nf4=False, int8=False, mixed_batches=True, combine=True
    )

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """Below LoRA's: the start is already where the weights are strong."""
        return rate_by_size(base, small=3e-4, large=1e-4)

    def options(self) -> dict[str, Any]:
        """A start from the QR decomposition."""
        return {"init_lora_weights": "olora"}
