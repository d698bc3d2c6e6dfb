"""LayerNorm tuning: only the norms between the layers learn (arXiv 2312.11420)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import find_blocks, is_norm
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.methods.capabilities import NORMS
from app.catalog.methods.layer_range import Layers, chosen_layers
from app.catalog.methods.learning_rates import rate_by_size

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class LnTuning(PeftMethod):
    """Settings of LayerNorm tuning."""

    kind: Literal["ln-tuning"] = "ln-tuning"
    layers: Layers = Field(
        "all",
        title="Layers",
        description="Which layers are trained, counted from the input: `all`, `last 4`, or a range such as `1-6`.",
    )

    title: ClassVar[str] = "LayerNorm tuning"
    summary: ClassVar[str] = "Trains only the layer-normalisation weights; all matrices stay frozen."
    when: ClassVar[str] = "The smallest change that still reaches every layer, and kilobytes to keep."
    against: ClassVar[str] = "The lowest ceiling of the adapters; needs a high learning rate."
    source: ClassVar[str] = "Zhao et al. 2023, arXiv 2312.11420"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 for small encoders, 1e-3 for large models; it learns nothing below."""
        return rate_by_size(base, small=1e-2, large=1e-3)

    def needs(self) -> tuple[str, ...]:
        """Norms."""
        return (NORMS,)

    def check(self, base: BaseModelCard) -> None:
        """The chosen layers must exist."""
        chosen_layers(self.layers, base.layers)

    def frozen_blocks(self, count: int) -> int:
        """Everything below the first chosen layer; with all layers the norm below them learns, too."""
        return chosen_layers(self.layers, count).start

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """The norms of the chosen layers; with all of them also those outside of the blocks."""
        outer = base.outer_norm_parameters if self.layers == "all" else 0
        return sum(base.blocks[number].norm_parameters for number in chosen_layers(self.layers, base.layers)) + outer

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Every norm of the chosen layers, by the name of its class."""
        from peft import LNTuningConfig

        block_names = list(find_blocks(model))
        wanted = tuple(f"{block_names[number]}." for number in chosen_layers(self.layers, len(block_names)))
        norms = [
            name
            for name, module in model.named_modules()
            if is_norm(module) and (self.layers == "all" or name.startswith(wanted))
        ]
        return LNTuningConfig(target_modules=norms)
