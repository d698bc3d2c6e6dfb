"""Soft prompts: virtual tokens that are learned while the model stays frozen."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from app.catalog.methods.base import PeftMethod, peft_task
from app.catalog.methods.capabilities import EMBEDDINGS, Capabilities

if TYPE_CHECKING:
    import torch


class PromptMethod(PeftMethod):
    """A soft prompt: learned virtual tokens before every text, or a prefix in every layer."""

    tokens: int = Field(
        20,
        ge=1,
        le=200,
        title="Virtual tokens",
        description="How many learned tokens precede every text. More have more capacity and leave less context for the text.",
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        merge=False,
        switch_off=False,
        reopen=False,
        models=("causal", "sequence-classification", "sequence-to-sequence"),
    )

    def needs(self) -> tuple[str, ...]:
        """Vectors enter in place of tokens."""
        return (EMBEDDINGS,)

    @property
    def virtual_tokens(self) -> int:
        """The virtual tokens precede the text."""
        return self.tokens

    def prompt_config(self, model: "torch.nn.Module", **options: Any) -> dict[str, Any]:
        """Arguments that every soft prompt's configuration takes."""
        task = peft_task(model) or "FEATURE_EXTRACTION"
        # Of an encoder-decoder only the source gets virtual tokens; peft would prepare as many for the target, which learn nothing.
        encoder = {"num_transformer_submodules": 1} if task == "SEQ_2_SEQ_LM" else {}
        return {"task_type": task, "num_virtual_tokens": self.tokens, **encoder, **options}
