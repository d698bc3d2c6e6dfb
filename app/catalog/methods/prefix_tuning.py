"""Prefix tuning: learned keys and values in every layer (arXiv 2101.00190)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from app.catalog.card import BaseModelCard
from app.catalog.methods.capabilities import CACHE, Capabilities
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.prompt_method import PromptMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class PrefixTuning(PromptMethod):
    """Settings of Prefix tuning."""

    kind: Literal["prefix-tuning"] = "prefix-tuning"

    title: ClassVar[str] = "Prefix tuning"
    summary: ClassVar[str] = (
        "Learned key and value vectors (a prefix) in the attention of every layer, not only before the text."
    )
    when: ClassVar[str] = "As prompt tuning, with more capacity."
    against: ClassVar[str] = "Cannot be combined with gradient checkpointing, and generation needs the key-value cache."
    source: ClassVar[str] = "Li & Liang 2021, arXiv 2101.00190"
    capabilities: ClassVar[Capabilities] = Capabilities(
        merge=False,
        switch_off=False,
        reopen=False,
        gradient_checkpointing=False,
        generate_without_cache=False,
        models=("causal", "sequence-classification"),
    )

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """2e-2 for small encoders (measured on Banking77), 5e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=2e-2, large=5e-3)

    def needs(self) -> tuple[str, ...]:
        """Keys and values enter beside the tokens."""
        return (CACHE,)

    @property
    def virtual_tokens(self) -> int:
        """The prefix takes none of the text's positions."""
        return 0

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """A key and a value for every note and layer."""
        return self.tokens * base.layers * base.passes * 2 * (base.key_width or base.hidden_size)

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """Keys and values for every layer."""
        from peft import PrefixTuningConfig

        return PrefixTuningConfig(**self.prompt_config(model))
