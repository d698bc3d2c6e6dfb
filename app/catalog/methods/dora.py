"""DoRA: LoRA that learns direction and length of the weights apart (arXiv 2402.09353)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from app.catalog.blocks import Shape
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.lora_family import LoraFamily


class Dora(LoraFamily):
    """Settings of DoRA."""

    kind: Literal["dora"] = "dora"

    title: ClassVar[str] = "DoRA"
    summary: ClassVar[str] = "LoRA that learns magnitude and direction of the weights separately."
    when: ClassVar[str] = "Very low ranks, where it was published as better than LoRA."
    against: ClassVar[str] = "Takes 1.8 times as long as LoRA, and peft's own benchmark shows no gain."
    source: ClassVar[str] = "Liu et al. 2024, arXiv 2402.09353"
    relative_time: ClassVar[float] = 1.8
    relative_memory: ClassVar[float] = 1.8
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(int8=False)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """LoRA's, and one length for every output."""
        return super().count(inputs, outputs, shapes) + outputs

    def options(self) -> dict[str, Any]:
        """Lengths of their own."""
        return {"use_dora": True}
