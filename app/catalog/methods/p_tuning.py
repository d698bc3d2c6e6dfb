"""P-tuning: a helper network writes the learned tokens before every input (arXiv 2103.10385)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.prompt_method import PromptMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class PTuning(PromptMethod):
    """Settings of P-tuning."""

    kind: Literal["p-tuning"] = "p-tuning"
    width: int = Field(
        128,
        ge=8,
        le=4096,
        title="Encoder hidden size",
        description="Width of the network that produces the virtual tokens.",
    )

    title: ClassVar[str] = "P-tuning"
    summary: ClassVar[str] = "Prompt tuning with a prompt encoder: a small network produces the virtual tokens."
    when: ClassVar[str] = "Prompt tuning does not converge: the prompt encoder makes training steadier."
    against: ClassVar[str] = (
        "A download cannot be trained further: it holds the virtual tokens, not the prompt encoder."
    )
    source: ClassVar[str] = "Liu et al. 2021, arXiv 2103.10385"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-3 for small encoders, 1e-3 for large models."""
        return rate_by_size(base, small=5e-3, large=1e-3)

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """The tokens, and three layers of the helper network with biases."""
        hidden, width = base.hidden_size, self.width
        return self.tokens * hidden + (hidden + 1) * width + (width + 1) * width + (width + 1) * hidden

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """A prompt written by a network of three layers."""
        from peft import PromptEncoderConfig

        return PromptEncoderConfig(**self.prompt_config(model, encoder_hidden_size=self.width))
