"""Sparse tuning: a scattered few of the original weights may change (arXiv 2406.13175)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class Sparse(LinearMethod):
    """Settings of Sparse tuning (SHiRA)."""

    kind: Literal["sparse"] = "sparse"
    rank: int = Field(
        8,
        ge=1,
        le=256,
        title="Rank",
        description="Sets how many weights are trained: as many as LoRA of this rank would have.",
    )
    mask: Literal["random", "magnitude", "gradient"] = Field(
        "random",
        title="Which weights",
        description="random draws them; magnitude takes the largest; gradient takes those with the largest gradient on"
        " your data, which costs a few extra batches at the start.",
    )

    title: ClassVar[str] = "Sparse tuning (SHiRA)"
    summary: ClassVar[str] = "Trains a sparse one or two percent of the model's own weights."
    when: ClassVar[str] = (
        "Quality and keeping other abilities both matter: fourth in peft's benchmark, and it forgets little."
    )
    against: ClassVar[str] = "Little independent evidence yet."
    source: ClassVar[str] = "Bhardwaj et al. 2024, arXiv 2406.13175"

    whole_gradients: ClassVar[bool] = True

    def adapter_shapes(self, base: BaseModelCard) -> list[Shape]:
        """What changed is added to the weights, whatever the number of tokens."""
        return [(0, 0)] * len(self.shapes(base))

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders (measured on Banking77), 3e-4 for large models (peft's benchmark)."""
        return rate_by_size(base, small=3e-3, large=3e-4)

    @property
    def batches_wanted(self) -> int:
        """Only the pull of the data needs data."""
        return 8 if self.mask == "gradient" else 0

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """As LoRA of the rank."""
        return _fitting(self.rank, shapes) * (inputs + outputs)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """The same rank for all layers, as large as the smallest of them allows."""
        from peft import ShiraConfig

        rank = _fitting(self.rank, self.model_shapes(model))
        return ShiraConfig(r=rank, target_modules=self.target_names(model))

    def complete(self, config: Any, model: "torch.nn.Module", context: RunContext) -> None:
        """Say which weights learn; their places travel with the adapter."""
        config.random_seed = context.seed
        if self.mask == "magnitude":
            config.mask_fn = lambda base_layer, r, **_: _strongest(base_layer.weight.detach().abs(), r)
        if self.mask == "gradient":
            pulls = self._pulls(model, context)
            config.mask_fn = lambda base_layer, r, **_: _strongest(pulls[id(base_layer)], r)

    def _pulls(self, model: "torch.nn.Module", context: RunContext) -> "dict[int, torch.Tensor]":
        """Sum of squared gradients of every weight over a few batches, by the identity of its layer."""
        import torch

        if context.loss is None or not context.batches:
            raise ValueError("choosing weights by gradient needs training batches and their loss")
        layers = list(self.modules(model).values())
        weights = [cast("torch.nn.Parameter", layer.weight).requires_grad_(True) for layer in layers]
        pulls = {id(layer): torch.zeros_like(weight) for layer, weight in zip(layers, weights, strict=True)}
        for number in range(len(context.batches)):
            gradients = torch.autograd.grad(context.loss(number), weights)
            for layer, gradient in zip(layers, gradients, strict=True):
                pulls[id(layer)] += gradient**2
        return pulls


def _fitting(rank: int, shapes: Sequence[Shape]) -> int:
    """The rank, or the largest whose weights fit into the smallest layer."""
    return max(1, min(rank, *(wide * high // (wide + high) for wide, high in shapes)))


def _strongest(values: "torch.Tensor", rank: int) -> "torch.Tensor":
    """A mask of ones for the largest values, as many as LoRA of this rank has numbers."""
    import torch

    indices = values.flatten().topk(rank * sum(values.shape)).indices
    mask = torch.zeros(values.numel(), dtype=values.dtype, device=values.device)
    mask[indices] = 1
    return mask.view_as(values)
