"""What whole families of methods share: attaching to linear layers of chosen blocks, LoRA's settings, soft prompts.

Nothing here is a method of the menu; those are one file each. torch and peft are imported only inside functions.
"""

import re
from collections.abc import Sequence
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.catalog.blocks import find_blocks
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod, RunContext
from app.catalog.methods.capabilities import Capabilities
from app.errors import Rejected

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig

Shape = tuple[int, int]

_LAYERS = re.compile(r"all|last ([1-9]\d*)|([1-9]\d*)-([1-9]\d*)")


def _checked_layers(text: str) -> str:
    text = " ".join(text.lower().split())
    found = _LAYERS.fullmatch(text)
    if found is None or (found[2] and int(found[2]) > int(found[3])):
        # The type makes this a complaint about the range of values, not about their form.
        raise PydanticCustomError("string_pattern_layers", "Write `all`, `last 4`, or a range such as `1-6`")
    return text


Layers = Annotated[str, AfterValidator(_checked_layers)]


def chosen_layers(layers: str, count: int) -> range:
    """Numbers of the blocks that ``layers`` names, counted from 0 at the input.

    Raises:
        Rejected: it names blocks that a model of ``count`` blocks does not have.
    """
    found = _LAYERS.fullmatch(layers)
    assert found is not None  # the field's validator let it through
    if layers == "all":
        return range(count)
    first, last = (count - int(found[1]), count) if found[1] else (int(found[2]) - 1, int(found[3]))
    if first < 0 or last > count:
        raise Rejected(
            "range",
            f"Layers `{layers}` are to learn, but the model has {count}.",
            f"Choose `all`, `last {count}` at most, or a range within `1-{count}`.",
            details={"fields": {"method.layers": f"at most {count}"}},
        )
    return range(first, last)


def largest_divisor(limit: int, shapes: Sequence[Shape]) -> int:
    """The largest number up to ``limit`` that divides every width of the shapes."""
    common = gcd(*(width for shape in shapes for width in shape))
    return next(size for size in range(min(limit, common), 0, -1) if common % size == 0)


class LinearMethod(PeftMethod):
    """A method that attaches to linear layers of the blocks."""

    targets: Literal["all linear", "attention", "feed-forward"] = Field(
        "all linear",
        title="Parts of a layer",
        description="Which matrices of each layer learn: all of them, those of attention, or those of the feed-forward "
        "part, which forgets least.",
    )
    layers: Layers = Field(
        "all",
        title="Layers",
        description="Which layers learn, counted from the input: `all`, `last 4`, or a range such as `1-6`. Fewer are "
        "faster and forget less.",
    )

    def check(self, base: BaseModelCard) -> None:
        """The chosen layers must exist."""
        chosen_layers(self.layers, base.layers)

    def frozen_blocks(self, count: int) -> int:
        """Everything below the first chosen layer."""
        return chosen_layers(self.layers, count).start

    def shapes(self, base: BaseModelCard) -> list[Shape]:
        """(inputs, outputs) of every layer that the method attaches to."""
        cut = base.attention_shapes
        parts = {"all linear": slice(None), "attention": slice(cut), "feed-forward": slice(cut, None)}
        return list(base.linear_shapes[parts[self.targets]]) * len(chosen_layers(self.layers, base.layers))

    def beside(self, base: BaseModelCard) -> list[Shape]:
        """Every layer that the method attaches to."""
        return self.shapes(base)

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """The sum over all layers that the method attaches to."""
        shapes = self.shapes(base)
        return sum(self.count(inputs, outputs, shapes) for inputs, outputs in shapes)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """Learning numbers for one linear layer; ``shapes`` are those of all layers that the method attaches to."""
        raise NotImplementedError

    def modules(self, model: "torch.nn.Module") -> "dict[str, torch.nn.Module]":
        """The linear layers that the method attaches to, by full name.

        Raises:
            Rejected: the model has no such layers.
        """
        found = find_blocks(model)
        wanted = chosen_layers(self.layers, len(found))
        named = {
            f"{place}.{name}": each
            for number, (place, block) in enumerate(found.items())
            if number in wanted
            for name, each in block.named_modules()
            if is_linear(each) and self.targets in ("all linear", part_of(name))
        }
        if not named:
            raise Rejected(
                "unknown_architecture",
                f"No layers of the kind `{self.targets}` are known in a model of type {type(model).__name__}.",
                "Choose `all linear` as the parts of a layer.",
            )
        return named

    def target_names(self, model: "torch.nn.Module") -> list[str]:
        """The names for peft: last parts of names where they say the same, which keeps the configuration readable."""
        return shorten(list(self.modules(model)), [name for name, _ in model.named_modules()])

    def model_shapes(self, model: "torch.nn.Module") -> list[Shape]:
        """(inputs, outputs) of every layer that the method attaches to, read from the model."""
        return [shape_of(each) for each in self.modules(model).values()]


def is_linear(module: "torch.nn.Module") -> bool:
    """Linear layers, quantised ones and GPT-2's transposed kind included."""
    from torch import nn

    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def shape_of(linear: "torch.nn.Module") -> Shape:
    """(inputs, outputs) of a linear layer."""
    if hasattr(linear, "in_features"):
        return int(linear.in_features), int(linear.out_features)  # type: ignore[arg-type]
    inputs, outputs = linear.weight.shape  # type: ignore[union-attr, misc]
    return int(inputs), int(outputs)


def part_of(name: str) -> str:
    """``attention`` or ``feed-forward`` by the name of a layer within its block."""
    return "attention" if "attn" in name.lower() or "attention" in name.lower() else "feed-forward"


def shorten(names: list[str], everything: list[str]) -> list[str]:
    """Last parts of ``names`` if no other module of ``everything`` ends in one of them, else the names themselves."""
    ends = {name.rpartition(".")[2] for name in names}
    meant = {name for name in everything if name.rpartition(".")[2] in ends}
    return sorted(ends) if meant == set(names) else names


class LoraFamily(LinearMethod):
    """LoRA and its relatives: two narrow matrices whose product is added to a layer."""

    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Width of the added matrices. Higher learns more detail and makes a larger download.",
    )
    alpha: int = Field(
        32,
        ge=1,
        le=1024,
        title="Alpha",
        description="Strength of what is added; usually twice the rank.",
    )
    dropout: float = Field(
        0.05,
        ge=0,
        lt=0.9,
        title="Dropout",
        description="Share of inputs hidden from the added matrices while training, against memorising.",
    )

    capabilities: ClassVar[Capabilities] = Capabilities(mixed_batches=True, combine=True)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-3 for small encoders (measured on Banking77), 2e-4 from a billion weights (TRL, "LoRA without regret")."""
        return rate_by_size(base, small=1e-3, large=2e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """rank x (inputs + outputs)."""
        return self.rank * (inputs + outputs)

    def options(self) -> dict[str, Any]:
        """What this relative adds to LoRA's configuration."""
        return {}

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """LoRA on the chosen linear layers."""
        from peft import LoraConfig

        return LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self.target_names(model),
            **self.options(),
        )


class ReinitializedLora(LoraFamily):
    """A relative that changes the frozen weights at its start; its download is turned into plain LoRA of twice the rank.

    Otherwise the adapter would fit only weights that exist on no other machine.
    """

    alpha: int = Field(
        16,
        ge=1,
        le=1024,
        title="Alpha",
        description="Strength of the added matrices; equal to the rank, the model starts unchanged.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=0.9,
        title="Dropout",
        description="Share of inputs hidden while training. Here it hides parts of the model itself, so it stays 0.",
    )

    def initialise(self, model: Any, context: RunContext) -> None:
        """Keep the untrained matrices for the conversion on saving."""
        model.untrained = {name: each.detach().clone() for name, each in model.named_parameters() if ".lora_" in name}

    def write(self, model: Any, folder: Path) -> None:
        """Save the difference from the untrained matrices as plain LoRA: B A - B0 A0 = [B, -B0] [A; A0]."""
        import copy

        import torch
        from safetensors.torch import load_file, save_file

        kept = model.peft_config["default"]
        plain = model.peft_config["default"] = copy.deepcopy(kept)
        plain.init_lora_weights, plain.r, plain.lora_alpha = True, 2 * kept.r, 2 * kept.lora_alpha
        try:
            super().write(model, folder)
        finally:
            model.peft_config["default"] = kept
        path = folder / "adapter_model.safetensors"
        trained = load_file(path)
        for name, start in model.untrained.items():
            end = name.replace(".default.", ".")
            sign, side = (1, 0) if ".lora_A." in name else (-1, 1)
            trained[end] = torch.cat([trained[end], sign * start.to(trained[end])], dim=side).contiguous()
        save_file(trained, path, metadata={"format": "pt"})


class PromptMethod(PeftMethod):
    """A soft prompt: invisible learned tokens before every text, or notes beside every layer."""

    tokens: int = Field(
        20,
        ge=1,
        le=200,
        title="Invisible tokens",
        description="How many learned tokens precede every text. More can say more, and leave less room for the text.",
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        merge=False, switch_off=False, reopen=False, models=("causal", "sequence-classification")
    )

    @property
    def virtual_tokens(self) -> int:
        """The invisible tokens stand before the text."""
        return self.tokens

    def prompt_config(self, model: "torch.nn.Module", **options: Any) -> dict[str, Any]:
        """Arguments that every soft prompt's configuration takes."""
        from app.catalog.methods.base import peft_task

        return {"task_type": peft_task(model) or "FEATURE_EXTRACTION", "num_virtual_tokens": self.tokens, **options}


def rate_by_size(base: BaseModelCard, *, small: float, large: float) -> float:
    """A rate between ``small``, for about 30 million weights and fewer, and ``large``, for a billion and more, on a log scale."""
    from math import log

    least, most = log(30e6), log(1e9)
    share = min(1.0, max(0.0, (log(base.parameters) - least) / (most - least))) if base.parameters else 0.0
    return float(f"{small * (large / small) ** share:.2g}")
