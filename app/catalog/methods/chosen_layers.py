"""Chosen layers: full tuning of some blocks, everything else locked."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog import blocks
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.layer_range import Layers, chosen_layers
from app.catalog.methods.learning_rates import rate_by_size

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class ChosenLayers(PeftMethod):
    """Settings of chosen layers."""

    kind: Literal["chosen-layers"] = "chosen-layers"
    layers: Layers = Field(
        "last 2",
        title="Layers",
        description="Which layers are trained, counted from the input: `last 2`, a range such as `3-4`, or `all`. A quarter "
        "to a third of them, nearest to the output, is usual.",
    )

    title: ClassVar[str] = "Chosen layers"
    summary: ClassVar[str] = "Full fine-tuning of the layers you choose; the others are frozen."
    when: ClassVar[str] = "You want to know exactly which weights change, or full fine-tuning takes too long."
    against: ClassVar[str] = "Full precision only, and a larger download than LoRA's for the same quality."
    source: ClassVar[str] = "Lee et al. 2019, arXiv 1911.03090"

    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-4 for small encoders (measured on Banking77), 2e-5 from a billion weights."""
        return rate_by_size(base, small=2e-4, large=2e-5)

    def check(self, base: BaseModelCard) -> None:
        """The chosen layers must exist."""
        chosen_layers(self.layers, base.layers)

    def frozen_blocks(self, count: int) -> int:
        """Everything below the first chosen layer."""
        return chosen_layers(self.layers, count).start

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """All weights of the chosen layers, biases and norms included."""
        return sum(base.blocks[number].parameters for number in chosen_layers(self.layers, base.layers))

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Trained copies of everything in the chosen layers; the originals stay in the model."""
        from peft import LNTuningConfig

        found = list(blocks.find_blocks(model).items())
        chosen = [found[number] for number in chosen_layers(self.layers, len(found))]
        targets = [name for block_name, block in chosen for name in blocks.weighty_modules(block, block_name)]
        # peft's layer-norm tuning replaces any module by a trained copy that can be switched off.
        return LNTuningConfig(target_modules=targets)
