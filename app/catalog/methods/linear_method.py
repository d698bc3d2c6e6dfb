"""Methods that attach to the linear layers of chosen blocks: settings, layer names for peft, parameter counts.

torch is imported only inside functions.
"""

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from app.catalog.blocks import Shape, find_blocks, linear_layers, part_of, shape_of
from app.catalog.card import BaseModelCard, BlockFacts
from app.catalog.methods.base import PeftMethod
from app.catalog.methods.capabilities import LINEAR
from app.catalog.methods.layer_range import Layers, chosen_layers
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    import torch


def largest_divisor(limit: int, shapes: Sequence[Shape]) -> int:
    """The largest number up to ``limit`` that divides every width of the shapes."""
    common = gcd(*(width for shape in shapes for width in shape))
    return next(size for size in range(min(limit, common), 0, -1) if common % size == 0)


class LinearMethod(PeftMethod):
    """A method that attaches to linear layers of the blocks."""

    targets: Literal["all linear", "attention", "feed-forward"] = Field(
        "all linear",
        title="Target modules",
        description="Which linear layers of each block are trained: all of them, those of attention, or those of the "
        "feed-forward part, which forgets least.",
    )
    layers: Layers = Field(
        "all",
        title="Layers",
        description="Which layers are trained, counted from the input: `all`, `last 4`, or a range such as `1-6`. Fewer are "
        "faster and forget less.",
    )

    def needs(self) -> tuple[str, ...]:
        """Linear layers."""
        return (LINEAR,)

    def check(self, base: BaseModelCard) -> None:
        """The chosen layers must exist."""
        chosen_layers(self.layers, base.layers)

    def frozen_blocks(self, count: int) -> int:
        """Everything below the first chosen layer."""
        return chosen_layers(self.layers, count).start

    def shapes(self, base: BaseModelCard) -> list[Shape]:
        """(inputs, outputs) of every layer that the method attaches to."""
        chosen, every = chosen_layers(self.layers, base.layers), base.blocks
        return [shape for number in chosen for shape in self._shapes_in(every[number])]

    def _shapes_in(self, block: BlockFacts) -> tuple[Shape, ...]:
        cut = block.attention_shapes
        parts = {"all linear": slice(None), "attention": slice(cut), "feed-forward": slice(cut, None)}
        return block.linear_shapes[parts[self.targets]]

    def adapter_shapes(self, base: BaseModelCard) -> list[Shape]:
        """Every layer that the method attaches to."""
        return self.shapes(base)

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """The sum over all layers that the method attaches to."""
        shapes = self.shapes(base)
        return sum(self.count(inputs, outputs, shapes) for inputs, outputs in shapes)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """Trainable parameters for one linear layer; ``shapes`` are those of all layers that the method attaches to."""
        raise NotImplementedError

    def modules(self, model: "torch.nn.Module") -> "dict[str, torch.nn.Module]":
        """The linear layers that the method attaches to, by full name.

        Raises:
            Rejected: the model has no such layers.
        """
        found = find_blocks(model)
        wanted = chosen_layers(self.layers, len(found))
        named = {
            f"{block_name}.{name}": module
            for number, (block_name, block) in enumerate(found.items())
            if number in wanted
            for name, module in linear_layers(block).items()
            if self.targets in ("all linear", part_of(name))
        }
        if not named:
            raise Rejected(
                "unknown_architecture",
                _(
                    "No layers of the kind `{targets}` are known in a model of type {name}.",
                    targets=self.targets,
                    name=type(model).__name__,
                ),
                _("Choose `all linear` as the target modules."),
            )
        return named

    def target_names(self, model: "torch.nn.Module") -> list[str]:
        """The names for peft: last parts of names where they say the same, which keeps the configuration readable."""
        return shorten(list(self.modules(model)), [name for name, _ in model.named_modules()])

    def model_shapes(self, model: "torch.nn.Module") -> list[Shape]:
        """(inputs, outputs) of every layer that the method attaches to, read from the model."""
        return [shape_of(module) for module in self.modules(model).values()]


def shorten(names: list[str], everything: list[str]) -> list[str]:
    """Last parts of ``names`` if no other module of ``everything`` ends in one of them, else the names themselves."""
    ends = {name.rpartition(".")[2] for name in names}
    meant = {name for name in everything if name.rpartition(".")[2] in ends}
    return sorted(ends) if meant == set(names) else names
