"""Arrow routing: several LoRA adapters side by side, of which every token uses the best fitting ones, without training.

Ostapenko et al. 2024, arXiv 2405.11157; the same numbers as peft's own ``create_arrow_model``, which writes no file of the result.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from peft import PeftModel, get_peft_model
from torch import nn

from app.catalog.methods.routed import Routed
from app.errors import Rejected
from worker.engine.merging.combine import load_parents

Pair = tuple[torch.Tensor, torch.Tensor]


@torch.no_grad()
def route(body: nn.Module, parents: Sequence[Path], top_k: int, temperature: float) -> PeftModel:
    """The body with the parents' adapters side by side, as one adapter named ``default``.

    Args:
        body: the base model that all parents were trained on.
        parents: at least two folders of LoRA adapters on the same layers, as runs leave them.
        top_k: adapters that a token uses; all, if there are fewer.
        temperature: divides the similarity; small sends a token to one adapter, large to all alike.

    Raises:
        Rejected: fewer than two, another kind than LoRA, or adapters on different layers.
    """
    model, names = load_parents(body, parents)
    experts = [_factors(model, name) for name in names]
    if any(expert.keys() != experts[0].keys() for expert in experts):
        raise Rejected(
            "different_parts",
            "The chosen models were tuned in different layers, so a token could not choose between them everywhere.",
            "Choose models with the same parts and layers, or combine them by `average`.",
        )
    task = cast(Any, model.peft_config[names[0]]).task_type
    base = model.unload()
    ranks = [max(len(lora_a) for lora_a, _ in expert.values()) for expert in experts]
    config = Routed.teach_peft().ArrowConfig(
        ranks=ranks, top_k=top_k, temperature=temperature, target_modules=list(experts[0]), task_type=task
    )
    routed = get_peft_model(base, config)
    for name in experts[0]:
        _fill(routed.get_base_model().get_submodule(name), [expert[name] for expert in experts], ranks)
    return cast(PeftModel, routed.eval())


def _factors(model: PeftModel, name: str) -> dict[str, Pair]:
    """Matrices A (rank, inputs) and B (outputs, rank; scaled) of one adapter, by the layer's name."""
    return {
        layer_name: (layer.lora_A[name].weight.float(), layer.lora_B[name].weight.float() * layer.scaling[name])
        for layer_name, layer in model.get_base_model().named_modules()
        if name in getattr(layer, "lora_A", {})
    }


def _fill(layer: Any, pairs: Sequence[Pair], ranks: Sequence[int]) -> None:
    """Stack the adapters of one layer; one of lower rank here than elsewhere is padded with zeros."""
    start = 0
    for number, ((lora_a, lora_b), rank) in enumerate(zip(pairs, ranks, strict=True)):
        layer.arrow_down["default"].weight[start : start + len(lora_a)] = lora_a
        layer.arrow_up["default"].weight[:, start : start + len(lora_a)] = lora_b
        layer.arrow_prototypes["default"].weight[number] = prototype(lora_a, lora_b)
        start += rank


def prototype(lora_a: torch.Tensor, lora_b: torch.Tensor) -> torch.Tensor:
    """The unit vector (inputs) that ``lora_b @ lora_a`` amplifies most; zeros for an adapter that changes nothing.

    Exact, where peft stops after fifteen rounds of power iteration: with A^T = Q R only a matrix of the adapter's rank is
    decomposed.
    """
    basis, rest = torch.linalg.qr(lora_a.T)
    _, sizes, right = torch.linalg.svd(lora_b @ rest.T, full_matrices=False)
    return basis @ right[0] if float(sizes[0]) > 0 else torch.zeros_like(lora_a[0])
