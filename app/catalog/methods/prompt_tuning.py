"""Prompt tuning: learned tokens before every input (arXiv 2104.08691)."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.learning_rates import rate_by_size
from app.catalog.methods.prompt_method import PromptMethod

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig


class PromptTuning(PromptMethod):
    """Settings of Prompt tuning."""

    kind: Literal["prompt-tuning"] = "prompt-tuning"
    instruction: str = Field(
        "",
        max_length=2000,
        title="Initial prompt",
        description="What you would ask of the model in words; training starts from it. Left empty, it starts "
        "from tokens of the model's vocabulary.",
    )

    title: ClassVar[str] = "Prompt tuning"
    summary: ClassVar[str] = "Soft prompt: learned virtual tokens that precede every text."
    when: ClassVar[str] = "The model must keep its other abilities, or you want many variants of a few kilobytes each."
    against: ClassVar[str] = (
        "Depends strongly on the learning rate; weak for generation with small models; takes up context length."
    )
    source: ClassVar[str] = "Lester et al. 2021, arXiv 2104.08691"

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-2 for small encoders (measured on Banking77), 3e-3 for large models (peft's benchmark)."""
        return rate_by_size(base, small=5e-2, large=3e-3)

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """One vector for every token."""
        return self.tokens * base.hidden_size

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """A prompt without a helper network."""
        from peft import PromptTuningConfig

        return PromptTuningConfig(**self.prompt_config(model))

    def initialise(self, model: Any, context: RunContext) -> None:
        """Start from the instruction's tokens, repeated or cut to fit, or from tokens drawn from the vocabulary."""
        import torch

        words = model.get_base_model().get_input_embeddings().weight
        ids = torch.randint(words.shape[0], (self.tokens,))
        if self.instruction:
            if context.tokenizer is None:
                raise ValueError("an instruction needs the model's tokenizer")
            prompt_ids = context.tokenizer(self.instruction, add_special_tokens=False)["input_ids"]
            ids = torch.tensor([prompt_ids[at % len(prompt_ids)] for at in range(self.tokens)] if prompt_ids else ids)
        with torch.no_grad():
            prompt = model.prompt_encoder["default"].embedding.weight
            prompt.copy_(words[ids.to(words.device)])
