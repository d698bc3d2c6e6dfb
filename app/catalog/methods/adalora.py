"""AdaLoRA: moves rank to the layers that need it while it learns (arXiv 2303.10512)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig

# What peft's allocator remembers between updates, by its own names.
_MEMORY = ("ipt", "exp_avg_ipt", "exp_avg_unc")


class AdaLora(LinearMethod):
    """Settings of AdaLoRA."""

    kind: Literal["adalora"] = "adalora"
    start_rank: int = Field(
        12,
        ge=1,
        le=256,
        title="Initial rank",
        description="Rank of every low-rank update at the start.",
    )
    rank: int = Field(
        8,
        ge=1,
        le=256,
        title="Target rank",
        description="Average rank that is left at the end.",
    )
    alpha: int = Field(
        32,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update (LoRA alpha).",
    )

    title: ClassVar[str] = "AdaLoRA"
    summary: ClassVar[str] = "LoRA with an adaptive rank: layers that matter keep more of it than others."
    when: ClassVar[str] = "Long runs where the download should stay small."
    against: ClassVar[str] = (
        "A little slower than LoRA (up to a fifth), and needs many steps to allocate the rank; full precision only."
    )
    source: ClassVar[str] = "Zhang et al. 2023, arXiv 2303.10512"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """3e-3 for small encoders, 1e-3 for large models."""
        return rate_by_size(base, small=3e-3, large=1e-3)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """LoRA's at the first rank, and a strength for each direction."""
        return self.start_rank * (inputs + outputs + 1)

    def check(self, base: BaseModelCard) -> None:
        """Rank can only be taken away."""
        super().check(base)
        if self.rank > self.start_rank:
            raise Rejected(
                "range",
                _(
                    "AdaLoRA is to end with rank {rank}, above the {start_rank} that it starts with.",
                    rank=self.rank,
                    start_rank=self.start_rank,
                ),
                _("Choose at most {start_rank} for the end.", start_rank=self.start_rank),
            )

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Ranks that shrink from a tenth of the run to seven tenths."""
        from peft import AdaLoraConfig

        return AdaLoraConfig(
            init_r=self.start_rank,
            target_r=self.rank,
            lora_alpha=self.alpha,
            total_step=100,
            target_modules=self.target_names(model),
        )

    def complete(self, config: Any, model: "torch.nn.Module", context: RunContext) -> None:
        """Lay the shrinking over the run's updates."""
        total = max(4, context.total_steps)
        config.total_step, config.tinit, config.tfinal = total, total // 10, max(1, total * 3 // 10)
        config.deltaT = max(1, min(10, total // 20))

    def initialise(self, model: Any, context: RunContext) -> None:
        """The stated ranks are no weights; on a base in bf16 peft's change of format makes them learn."""
        for name, parameter in model.named_parameters():
            if ".ranknum." in name:
                parameter.requires_grad_(False)

    def before_update(self, model: "torch.nn.Module", step: int) -> None:
        """Add the gradient of the term that keeps the directions of each layer apart."""
        import torch

        config = _tuner(model).peft_config["default"]
        sides = [parameter for name, parameter in model.named_parameters() if ".lora_A." in name or ".lora_B." in name]
        with torch.enable_grad():
            apart = torch.stack([_overlap(side) for side in sides]).mean()
            gradients = torch.autograd.grad(config.orth_reg_weight * apart, sides)
        for side, gradient in zip(sides, gradients, strict=True):
            side.grad = gradient if side.grad is None else side.grad + gradient

    def after_update(self, model: "torch.nn.Module", step: int) -> None:
        """Let peft move rank between the layers."""
        _tuner(model).update_and_allocate(step)

    def extra_state(self, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """How much each number mattered so far, and what has been taken away."""
        import torch

        tuner = _tuner(model)
        allocator, pattern = tuner.rankallocator, tuner.peft_config["default"].rank_pattern or {}
        kept = {f"{part}/{name}": tensor for part in _MEMORY for name, tensor in getattr(allocator, part).items()}
        return {**kept, **{f"pattern/{name}": torch.tensor(flags) for name, flags in pattern.items()}}

    def restore_extra_state(self, model: "torch.nn.Module", state: "dict[str, torch.Tensor]") -> None:
        """Remember again."""
        tuner = _tuner(model)
        pattern = {}
        for key, value in state.items():
            part, name = key.split("/", 1)
            if part == "pattern":
                pattern[name] = value.tolist()
            else:
                getattr(tuner.rankallocator, part)[name] = value.to(next(model.parameters()).device)
        tuner.peft_config["default"].rank_pattern = pattern or None

    def write(self, model: Any, folder: Path) -> None:
        """Leave out what these very weights do not use: they may be older than the last decision about ranks."""
        tuner = _tuner(model)
        if tuner.peft_config["default"].rank_pattern:
            strengths = [
                (name, parameter) for name, parameter in tuner.model.named_parameters() if "lora_E.default" in name
            ]
            tuner.peft_config["default"].rank_pattern = {
                n: (strength != 0).flatten().tolist() for n, strength in strengths
            }
        super().write(model, folder)


def _tuner(model: Any) -> Any:
    """peft's AdaLoRA inside its wrapper."""
    return model.base_model


def _overlap(side: "torch.Tensor") -> "torch.Tensor":
    """How far the directions of one matrix are from orthonormal (Frobenius norm)."""
    import torch

    narrow = side if side.shape[0] <= side.shape[1] else side.T
    products = narrow @ narrow.T
    norm: torch.Tensor = torch.linalg.matrix_norm(products - torch.eye(len(products), device=side.device))
    return norm
