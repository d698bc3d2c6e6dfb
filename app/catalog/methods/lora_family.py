"""LoRA's settings and configuration, shared by its variants; torch and peft are imported only inside functions."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from app.catalog.blocks import Shape
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.linear_method import LinearMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class LoraFamily(LinearMethod):
    """LoRA and its variants: two low-rank matrices whose product is added to a layer."""

    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    alpha: int = Field(
        32,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update (alpha / rank); usually twice the rank.",
    )
    dropout: float = Field(
        0.05,
        ge=0,
        lt=0.9,
        title="Dropout",
        description="Share of the adapter's inputs dropped during training, against overfitting. DPO, IPO and KTO train without any, because "
        "their reference is measured without.",
    )

    capabilities: ClassVar[Capabilities] = Capabilities(mixed_batches=True, combine=True)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-3 for small encoders (measured on Banking77), 2e-4 from a billion weights (TRL, "LoRA without regret")."""
        return rate_by_size(base, small=1e-3, large=2e-4)

    def count(self, inputs: int, outputs: int, shapes: Sequence[Shape]) -> int:
        """rank x (inputs + outputs)."""
        return self.rank * (inputs + outputs)

    def options(self) -> dict[str, Any]:
        """What this variant adds to LoRA's configuration."""
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
    """A variant that changes the frozen weights at its start; its download is turned into plain LoRA of twice the rank.

    Otherwise the adapter would fit only weights that exist on no other machine.
    """

    alpha: int = Field(
        16,
        ge=1,
        le=1024,
        title="Alpha",
        description="Scaling of the update; equal to the rank, the model starts unchanged.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=0.9,
        title="Dropout",
        description="Share of inputs dropped during training. Here it would drop parts of the model itself, so it stays 0.",
    )

    def initialise(self, model: Any, context: RunContext) -> None:
        """Keep the untrained matrices for the conversion on saving."""
        model.untrained = {
            name: parameter.detach().clone() for name, parameter in model.named_parameters() if ".lora_" in name
        }

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
