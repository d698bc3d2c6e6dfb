"""Where things are in a transformer: its blocks, and in a block the parts that tuning methods attach to.

Knows names of modules only; no weights, no training. Names are those of transformers' own implementations.
"""

from typing import TYPE_CHECKING

from app.errors import Rejected

if TYPE_CHECKING:
    from torch import nn

# Relative to a block, by family: BERT and its kin, Llama and its kin, DistilBERT, GPT-2, OPT, GPT-NeoX, Phi, ModernBERT.
ATTENTION_ENDS = (
    "attention.output.dense",
    "self_attn.o_proj",
    "attention.out_lin",
    "attn.c_proj",
    "self_attn.out_proj",
    "attention.dense",
    "self_attn.dense",
    "attn.Wo",
)
FEED_FORWARD_ENDS = (
    "output.dense",
    "mlp.down_proj",
    "ffn.lin2",
    "mlp.c_proj",
    "fc2",
    "mlp.dense_4h_to_h",
    "mlp.fc2",
    "mlp.Wo",
)
# Modules that are the whole feed-forward part, or (BERT's `output`) its end together with the sum and the norm after it.
FEED_FORWARDS = ("mlp", "ffn", "output")


def find_blocks(model: "nn.Module") -> dict[str, "nn.Module"]:
    """The model's blocks from the input upwards, by full name.

    Raises:
        Rejected: no list of equal blocks is found; the model is no transformer that we know.
    """
    from torch import nn

    lists = {
        name: module for name, module in model.named_modules() if isinstance(module, nn.ModuleList) and len(module)
    }
    alike = {name: blocks for name, blocks in lists.items() if len({type(block) for block in blocks}) == 1}
    if not alike:
        raise _unknown(model, "list of blocks")
    name = max(alike, key=lambda key: sum(weight.numel() for weight in alike[key].parameters()))
    return {f"{name}.{number}": block for number, block in enumerate(alike[name])}


def find_in_blocks(model: "nn.Module", names: tuple[str, ...], what: str, chosen: range) -> list[str]:
    """Full name of the first of ``names`` that each chosen block has; ``chosen`` counts from 0 at the input.

    Raises:
        Rejected: a block has none of them; ``what`` says in words what was looked for.
    """
    found = []
    every = list(find_blocks(model).items())
    for block_name, block in [every[number] for number in chosen]:
        inside = {name for name, _ in block.named_modules()}
        here = next((name for name in names if name in inside), None)
        if here is None:
            raise _unknown(model, what)
        found.append(f"{block_name}.{here}")
    return found


def weighty_modules(block: "nn.Module", block_name: str) -> list[str]:
    """Full names of the modules below ``place`` that own weights themselves."""
    return [f"{block_name}.{name}" for name, module in block.named_modules() if list(module.parameters(recurse=False))]


def stream_width(model: "nn.Module") -> int:
    """Width of the residual stream that runs through the blocks."""
    config = getattr(model, "config", None)
    width = getattr(config, "hidden_size", None)
    if not isinstance(width, int):
        raise _unknown(model, "width")
    return width


def _unknown(model: "nn.Module", what: str) -> Rejected:
    return Rejected(
        "unknown_architecture",
        f"No {what} is known in a model of type {type(model).__name__}.",
        "Choose LoRA or full fine-tuning, which need no such part.",
    )
