"""LoRA extraction: turns a full fine-tune into a LoRA of the strongest directions of the change (SMILE, arXiv 2408.10174)."""

from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from app.catalog.blocks import find_blocks
from app.errors import Rejected


@dataclass(frozen=True)
class ExtractionResult:
    """The small model, and which share (0 to 1) of the squared change in linear layers and in all weights it holds."""

    model: PeftModel
    linear_share: float
    total_share: float


@torch.no_grad()
def extract_lora(base: nn.Module, tuned: nn.Module, rank: int) -> ExtractionResult:
    """The base with a LoRA of this rank on every linear layer of its blocks, the nearest to the tuned model.

    The truncated singular value decomposition is the nearest matrix of its rank (Eckart & Young 1936). Changes outside of
    linear layers' matrices (offsets, norms, embeddings) are left out; ``total_share`` tells what that costs.

    Args:
        base: the base model; it is wrapped, its weights stay.
        tuned: the same model after full fine-tuning.

    Raises:
        Rejected: the two are not the same model, or nothing changed.
    """
    before, after = dict(base.named_parameters()), dict(tuned.named_parameters())
    if any(name not in after or after[name].shape != weight.shape for name, weight in before.items()):
        raise Rejected("not_this_base", "The tuned model does not belong to this base model.", "Choose its own base.")
    changes = {name: (after[name] - before[name]).float() for name in before}
    whole = sum(float(change.square().sum()) for change in changes.values())
    if whole == 0:
        raise Rejected("nothing_changed", "The tuned model equals its base model.", "Choose a model that was tuned.")
    linear = [
        f"{block_name}.{name}"
        for block_name, block in find_blocks(base).items()
        for name, module in block.named_modules()
        if isinstance(module, nn.Linear)
    ]
    # Alpha equal to the rank: the product of the two matrices is the change itself.
    model = get_peft_model(base, LoraConfig(r=rank, lora_alpha=rank, target_modules=linear))
    possible = kept = 0.0
    for name in linear:
        change = changes[f"{name}.weight"]
        layer = model.get_base_model().get_submodule(name)
        kept += _factor(change, rank, layer)
        possible += float(change.square().sum())
    return ExtractionResult(model.eval(), kept / possible if possible else 0.0, kept / whole)


def _factor(change: torch.Tensor, rank: int, layer: nn.Module) -> float:
    """Write the nearest product of this rank into the layer's two matrices; returns its squared size."""
    left, sizes, right = torch.linalg.svd(change, full_matrices=False)
    count = min(rank, len(sizes))
    root = sizes[:count].sqrt()
    lora_a, lora_b = layer.lora_A["default"].weight, layer.lora_B["default"].weight  # type: ignore[index, union-attr]
    lora_a.zero_()
    lora_b.zero_()
    lora_a[:count] = root[:, None] * right[:count]
    lora_b[:, :count] = left[:, :count] * root
    return float(sizes[:count].square().sum())
