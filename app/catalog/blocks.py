"""Where things are in a transformer: its blocks, and in a block the parts that tuning methods attach to.

Read from the structure: kinds, widths and nesting of modules. Of names only one thing is used, that attention is called attention
in every implementation of transformers. No weights are read, so a model on torch's ``meta`` device will do.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    from torch import nn

    # A block and the width of the residual stream -> the name of a part within the block, empty if it has none.
    Finder = Callable[[nn.Module, int], str]

Shape = tuple[int, int]
# Parts of a mixture of experts that choose among its experts; a change there moves every token to other experts.
ROUTERS = ("gate", "router", "shared_expert_gate")
EXPERTS = "experts"
# Longformer's projections of tokens with global attention; no token has it where the studio runs a model, so they never compute.
IDLE = ("query_global", "key_global", "value_global")


def find_blocks(model: "nn.Module") -> dict[str, "nn.Module"]:
    """The model's blocks from the input upwards, by full name.

    Lists of lists (Funnel's stages) count as one list. Of an encoder-decoder they are the encoder's, then the decoder's.

    Raises:
        Rejected: no list of equal blocks is found; the model is no transformer that we know.
    """
    if (halves := _halves(model)) is not None:
        found: dict[str, nn.Module] = {}
        for name, half in halves.items():
            found |= {f"{name}.{block}": module for block, module in _heaviest_list(half).items()}
        return found
    return _heaviest_list(model)


def _heaviest_list(model: "nn.Module") -> dict[str, "nn.Module"]:
    from torch import nn

    lists = {
        name: dict(_flat(module, name))
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module)
    }
    alike = [blocks for blocks in lists.values() if len({type(block) for block in blocks.values()}) == 1]
    if not alike:
        raise _unknown(model, _("list of blocks"))
    return max(alike, key=lambda blocks: sum(count_weights(block) for block in blocks.values()))


def find_in_blocks(model: "nn.Module", find: "Finder", what: str, chosen: range) -> list[str]:
    """Full name of the part that ``find`` names in each chosen block; ``chosen`` counts from 0 at the input.

    Raises:
        Rejected: a block has none; ``what`` says in words what was looked for.
    """
    width, every = stream_width(model), list(find_blocks(model).items())
    found = [(every[number][0], find(every[number][1], width)) for number in chosen]
    if not all(name for _block, name in found):
        raise _unknown(model, what)
    return [f"{block}.{name}" for block, name in found]


def attention_end(block: "nn.Module", width: int) -> str:
    """The last linear layer of the attention part that leads back into the residual stream."""
    return _last(block, "attention", width)


def feed_forward_end(block: "nn.Module", width: int) -> str:
    """The last linear layer of the feed-forward part that leads back into the residual stream.

    In a mixture of experts the whole part, whose experts are no layers of their own.
    """
    if any(EXPERTS in name.split(".") for name, _module in block.named_modules()):
        return feed_forward(block, width)
    return _last(block, "feed-forward", width)


def feed_forward(block: "nn.Module", width: int) -> str:
    """The module that is the whole feed-forward part, or (BERT's ``output``) its end with the sum and the norm after it."""
    inner = [name for name in linear_layers(block) if part_of(name) == "feed-forward"]
    inner += [name for name, _module in block.named_modules() if EXPERTS in name.split(".")]
    shared = _common(inner)
    if not shared:
        shared = _last(block, "feed-forward", width).rpartition(".")[0]
    # Lists and dictionaries of modules are only names.
    while shared and type(block.get_submodule(shared)).__name__ in ("ModuleList", "ModuleDict"):
        shared = shared.rpartition(".")[0]
    outside = [name for name in linear_layers(block) if part_of(name) == "attention"]
    return "" if any(name.startswith(f"{shared}.") for name in outside) else shared


def linear_layers(block: "nn.Module") -> dict[str, "nn.Module"]:
    """The linear layers of a block that may be tuned, by name within it: no routers, and no single experts."""
    left_out = (*IDLE, *(ROUTERS if count_experts(block) else ()))
    return {
        name: module
        for name, module in block.named_modules()
        if is_linear(module) and EXPERTS not in name.split(".") and name.rpartition(".")[2] not in left_out
    }


def count_experts(block: "nn.Module") -> int:
    """How many experts a block chooses from, 0 where it is none of a mixture."""
    for name, module in block.named_modules():
        if name.rpartition(".")[2] == EXPERTS:
            stacked = [weight.shape[0] for weight in module.parameters(recurse=False) if weight.dim() == 3]
            return max(stacked, default=len(list(module.children())))
    return 0


def is_linear(module: "nn.Module") -> bool:
    """Linear layers, quantised ones and GPT-2's transposed kind included."""
    from torch import nn

    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def shape_of(linear: "nn.Module") -> Shape:
    """(inputs, outputs) of a linear layer."""
    if hasattr(linear, "in_features"):
        return int(linear.in_features), int(linear.out_features)  # type: ignore[arg-type]
    inputs, outputs = linear.weight.shape  # type: ignore[misc]
    return int(inputs), int(outputs)


def part_of(name: str) -> str:
    """``attention`` or ``feed-forward`` by the name of a layer within its block."""
    return "attention" if "attn" in name.lower() or "attention" in name.lower() else "feed-forward"


def is_norm(module: "nn.Module") -> bool:
    """Whether a module is a norm with weights of its own."""
    return (
        "Norm" in type(module).__name__
        and not list(module.children())
        and any(True for _weight in module.parameters(recurse=False))
    )


def weighty_modules(block: "nn.Module", block_name: str) -> list[str]:
    """Full names of the modules below ``place`` that own weights themselves."""
    return [f"{block_name}.{name}" for name, module in block.named_modules() if list(module.parameters(recurse=False))]


def stream_width(model: "nn.Module") -> int:
    """Width of the residual stream that runs through the blocks."""
    config: Any = getattr(model, "config", None)
    if hasattr(config, "get_text_config"):
        # The sizes of a model for several kinds of input are those of its part for text.
        config = config.get_text_config()
    width = getattr(config, "hidden_size", None)
    if not isinstance(width, int):
        raise _unknown(model, _("width"))
    return width


def count_weights(module: "nn.Module") -> int:
    """All weights of a module."""
    return sum(weight.numel() for weight in module.parameters())


def _halves(model: "nn.Module") -> "dict[str, nn.Module] | None":
    """Encoder and decoder by full name; None where a model is no encoder-decoder."""
    whole: Any = model
    if not getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        return None
    found = (whole.get_encoder(), whole.get_decoder())
    names = {id(module): name for name, module in model.named_modules()}
    return {names[id(half)]: half for half in found}


def _flat(blocks: "nn.ModuleList", name: str) -> Iterator[tuple[str, "nn.Module"]]:
    from torch import nn

    for number, block in enumerate(blocks):
        if isinstance(block, nn.ModuleList):
            yield from _flat(block, f"{name}.{number}")
        else:
            yield f"{name}.{number}", block


def _last(block: "nn.Module", part: str, width: int) -> str:
    """The last linear layer of a part that gives as many numbers as the residual stream has."""
    ends = [
        name for name, layer in linear_layers(block).items() if part_of(name) == part and shape_of(layer)[1] == width
    ]
    return ends[-1] if ends else ""


def _common(names: list[str]) -> str:
    """The innermost module that holds all of these."""
    if not names:
        return ""
    paths = [name.split(".")[:-1] for name in names]
    shared = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)


def _unknown(model: "nn.Module", what: str) -> Rejected:
    return Rejected(
        "unknown_architecture",
        _("No {what} is known in a model of type {name}.", what=what, name=type(model).__name__),
        _("Choose LoRA or full fine-tuning, which need no such part."),
    )
