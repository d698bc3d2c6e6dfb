"""LoRA: small trainable matrices added to the frozen weights (Hu et al. 2021, arXiv 2106.09685)."""

from typing import ClassVar, Literal

from app.catalog.methods.lora_family import LoraFamily


class Lora(LoraFamily):
    """Settings of LoRA."""

    kind: Literal["lora"] = "lora"

    title: ClassVar[str] = "LoRA"
    summary: ClassVar[str] = "Low-rank adaptation: freezes the model and learns a small low-rank update of each layer."
    when: ClassVar[str] = (
        "The right first choice for most data: nearly the quality of full fine-tuning at a fraction of the size."
    )
    against: ClassVar[str] = (
        "When thousands of rows differ strongly from everyday text, full fine-tuning can reach further."
    )
    source: ClassVar[str] = "Hu et al. 2021, arXiv 2106.09685"
