"""Placement and size of adapter modules, shared by bottleneck, parallel and Compacter adapters.

The tuner itself is ``app/catalog/tuners/bottleneck.py``.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from app.catalog import blocks
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.methods.capabilities import ATTENTION_END, FEED_FORWARD, FEED_FORWARD_END, PARTS, Capabilities
from app.catalog.methods.layer_range import Layers, chosen_layers
from app.languages import gettext as _

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class AdapterMethod(PeftMethod):
    """A method that adds adapter modules (narrow networks) to the blocks of a frozen model."""

    reduction: int = Field(
        16,
        ge=1,
        le=256,
        title="Reduction",
        description="Reduction factor: how many times narrower the bottleneck is than the model. Smaller learns more detail and makes a "
        "larger download.",
    )
    layers: Layers = Field(
        "all",
        title="Layers",
        description="Which layers get modules, counted from the input: `all`, `last 4`, or a range such as `1-6`.",
    )

    tuner: ClassVar[str] = "bottleneck"
    capabilities: ClassVar[Capabilities] = Capabilities(merge=False)

    def check(self, base: BaseModelCard) -> None:
        """The chosen layers must exist."""
        chosen_layers(self.layers, base.layers)

    def frozen_blocks(self, count: int) -> int:
        """Everything below the first chosen layer."""
        return chosen_layers(self.layers, count).start

    def narrow(self, width: int) -> int:
        """Width of the bottleneck in a model of this width."""
        return max(1, width // self.reduction)

    def insertion_points(self) -> tuple[str, ...]:
        """The parts of a block that get a module, of :data:`FINDERS`."""
        raise NotImplementedError

    def needs(self) -> tuple[str, ...]:
        """The parts that get a module."""
        return self.insertion_points()

    def adapter_shapes(self, base: BaseModelCard) -> list[tuple[int, int]]:
        """The modules of all chosen layers."""
        count = len(chosen_layers(self.layers, base.layers)) * len(self.insertion_points())
        return count * [(base.hidden_size, base.hidden_size)]

    def adapter_parameters(self, width: int) -> int:
        """Trainable parameters of one module: two matrices and two biases."""
        narrow = self.narrow(width)
        return 2 * width * narrow + narrow + width

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """The modules of all chosen layers."""
        return len(self.adapter_shapes(base)) * self.adapter_parameters(base.hidden_size)

    def options(self) -> dict[str, Any]:
        """What the method adds to the tuner's configuration."""
        return {}

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The tuner's configuration for the chosen layers."""
        width = blocks.stream_width(model)
        chosen = chosen_layers(self.layers, len(blocks.find_blocks(model)))
        targets = [
            name
            for part in self.insertion_points()
            for name in blocks.find_in_blocks(model, FINDERS[part], _(PARTS[part]), chosen)
        ]
        config: PeftConfig = self.teach_peft().BottleneckConfig(
            width=width, r=self.narrow(width), target_modules=targets, **self.options()
        )
        return config


FINDERS = {
    ATTENTION_END: blocks.attention_end,
    FEED_FORWARD_END: blocks.feed_forward_end,
    FEED_FORWARD: blocks.feed_forward,
}
