"""QLoRA: LoRA on a base model held in 4 or 8 bits (arXiv 2305.14314)."""

from typing import ClassVar, Literal

from pydantic import Field

from app.catalog.methods.lora_family import LoraFamily


class Qlora(LoraFamily):
    """Settings of QLoRA."""

    kind: Literal["qlora"] = "qlora"
    bits: Literal["4", "8"] = Field(
        "4",
        title="Bits of the base model",
        description="4 bits (NF4 with double quantisation) need least memory; 8 bits stay closer to the original.",
    )

    title: ClassVar[str] = "QLoRA"
    summary: ClassVar[str] = "LoRA on a quantised (4- or 8-bit) base model, so that it fits into less memory."
    when: ClassVar[str] = "The model does not fit into memory otherwise."
    against: ClassVar[str] = (
        "Slower than LoRA, and pointless for small encoders; check answers again after merging into the full model."
    )
    source: ClassVar[str] = "Dettmers et al. 2023, arXiv 2305.14314"
    relative_memory: ClassVar[float] = 1.6

    @property
    def base_precision(self) -> str:
        """The base model's weights are quantised on loading."""
        return "nf4" if self.bits == "4" else "int8"
