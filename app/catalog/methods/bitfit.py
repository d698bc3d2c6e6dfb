"""BitFit: only the constant offsets of the linear layers learn (Ben Zaken et al. 2021, arXiv 2106.10199)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class BitFit(LinearMethod):
    """Layers without an offset get one that starts at zero; such an offset cannot be merged into the model."""

    kind: Literal["bitfit"] = "bitfit"

    title: ClassVar[str] = "Bias tuning (BitFit)"
    summary: ClassVar[str] = "Trains only the bias terms of the layers."
    when: ClassVar[str] = "Few rows, or many variants of one model: a tenth of a percent of the weights is trained."
    against: ClassVar[str] = "Weak for generation, and with many rows LoRA reaches further."
    source: ClassVar[str] = "Ben Zaken et al. 2021, arXiv 2106.10199; peft's BEFT on all linear layers"
    capabilities: ClassVar[Capabilities] = Capabilities(merge=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 for small encoders (measured on Banking77): offsets need far longer steps than matrices."""
        return rate_by_size(base, small=1e-2, large=3e-3)

    def adapter_shapes(self, base: BaseModelCard) -> list[Shape]:
        """Something is added to every output."""
        return [(0, outputs) for _, outputs in self.shapes(base)]

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """One number for every output."""
        return outputs

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """An offset on the chosen linear layers."""
        from peft import BeftConfig

        return BeftConfig(target_modules=self.target_names(model))
