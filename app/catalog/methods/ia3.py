"""(IA)3: learned scaling of the activations of every layer (arXiv 2205.05638)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from app.catalog.blocks import find_blocks, part_of
from app.catalog.card import BaseModelCard
from app.catalog.methods.layer_range import chosen_layers
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Ia3(LinearMethod):
    """Settings of (IA)3."""

    kind: Literal["ia3"] = "ia3"

    title: ClassVar[str] = "(IA)3"
    summary: ClassVar[str] = "Learned scaling of activations: one factor for each output of a layer."
    when: ClassVar[str] = "Few rows: some thousand trainable parameters leave little room for overfitting."
    against: ClassVar[str] = "Forgets most at a high learning rate; LoRA makes better use of much data."
    source: ClassVar[str] = "Liu et al. 2022, arXiv 2205.05638"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 for small encoders (measured on Banking77), 4e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=1e-2, large=4e-3)

    def adapter_shapes(self, base: BaseModelCard) -> list[tuple[int, int]]:
        """Every output is scaled."""
        return [(0, outputs) for _, outputs in self.shapes(base)]

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """One number per output; the layer that leads out of the feed-forward part has one per input instead."""
        total = sum(outputs for _, outputs in self.shapes(base))
        if self.targets == "attention":
            return total
        blocks = [base.blocks[number] for number in chosen_layers(self.layers, base.layers)]
        ends = [block.linear_shapes[-1] for block in blocks if len(block.linear_shapes) > block.attention_shapes]
        return total + sum(inputs - outputs for inputs, outputs in ends)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Controls on the outputs of the chosen layers; on the inputs of the one out of the feed-forward part."""
        from peft import IA3Config

        names = list(self.modules(model))
        ends = {}
        for name in names:
            for block_name in find_blocks(model):
                if name.startswith(f"{block_name}.") and part_of(name.removeprefix(block_name)) == "feed-forward":
                    ends[block_name] = name
        return IA3Config(target_modules=names, feedforward_modules=list(ends.values()))
