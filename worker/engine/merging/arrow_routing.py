"""Puts several LoRA adapters side by side and lets every token choose among them, without training (Arrow).

Ostapenko et al. 2024, arXiv 2405.11157; the same numbers as peft's own ``create_arrow_model``, which keeps no file of the
result. Knows folders of adapters, no data.
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
    """The body with the parents' adapters side by side, as one adapter called ``default``.

    Args:
        body: the untouched model that all parents belong to.
        parents: at least two folders of LoRA adapters on the same layers, as runs leave them.
        top_k: how many of them answer a token; all, if there are fewer.
        temperature: divides the likeness; small sends a token to one adapter, large to all alike.

    Raises:
        Rejected: fewer than two, another kind than LoRA, or adapters on different layers.
    """
    model, names = load_parents(body, parents)
    experts = [_changes(model, name) for name in names]
    if any(each.keys() != experts[0].keys() for each in experts):
        raise Rejected(
            "different_parts",
            "The chosen models were tuned in different layers, so a token could not choose between them everywhere.",
            "Choose models with the same parts and layers, or combine them by `average`.",
        )
    task = cast(Any, model.peft_config[names[0]]).task_type
    plain = model.unload()
    ranks = [max(len(narrow) for narrow, _ in each.values()) for each in experts]
    config = Routed.teach_peft().ArrowConfig(
        ranks=ranks, top_k=top_k, temperature=temperature, target_modules=list(experts[0]), task_type=task
    )
    routed = get_peft_model(plain, config)
    for place in experts[0]:
        _fill(routed.get_base_model().get_submodule(place), [each[place] for each in experts], ranks)
    return cast(PeftModel, routed.eval())


def _changes(model: PeftModel, name: str) -> dict[str, Pair]:
    """Matrices A (rank, inputs) and B (outputs, rank, its strength included) of one adapter, by the layer's name."""
    return {
        place: (layer.lora_A[name].weight.float(), layer.lora_B[name].weight.float() * layer.scaling[name])
        for place, layer in model.get_base_model().named_modules()
        if name in getattr(layer, "lora_A", {})
    }


def _fill(layer: Any, pairs: Sequence[Pair], ranks: Sequence[int]) -> None:
    """Stack the adapters of one layer; one that is narrower here than elsewhere is followed by zeros."""
    at = 0
    for number, ((narrow, wide), rank) in enumerate(zip(pairs, ranks, strict=True)):
        layer.arrow_down["default"].weight[at : at + len(narrow)] = narrow
        layer.arrow_up["default"].weight[:, at : at + len(narrow)] = wide
        layer.arrow_prototypes["default"].weight[number] = prototype(narrow, wide)
        at += rank


def prototype(narrow: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
    """The unit vector (inputs) that ``wide @ narrow`` amplifies most; zeros for an adapter that changes nothing.

    Exact, where peft stops after fifteen rounds of power iteration: with narrow^T = Q R only a matrix as narrow as the
    adapter is decomposed.
    """
    basis, rest = torch.linalg.qr(narrow.T)
    _, sizes, right = torch.linalg.svd(wide @ rest.T, full_matrices=False)
    return basis @ right[0] if float(sizes[0]) > 0 else torch.zeros_like(narrow[0])
