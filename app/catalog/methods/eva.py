"""EVA: LoRA that starts from the directions in which the data varies most (arXiv 2410.07170)."""

from typing import Any, ClassVar, Literal

from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import CAUSAL, SEQUENCES, TOKENS, Capabilities
from app.catalog.methods.lora_family import LoraFamily


class Eva(LoraFamily):
    """Settings of EVA."""

    kind: Literal["eva"] = "eva"

    title: ClassVar[str] = "EVA"
    summary: ClassVar[str] = "LoRA initialised with the principal components of the activations on your data."
    when: ClassVar[str] = "Data that differs much from everyday text."
    against: ClassVar[str] = "Takes a moment more before the first step; not for encoder-decoder models."
    source: ClassVar[str] = "Paischer et al. 2024, arXiv 2410.07170"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities(
        mixed_batches=True, combine=True, models=(CAUSAL, SEQUENCES, TOKENS)
    )

    @property
    def batches_wanted(self) -> int:
        """A few are enough to see what is usual."""
        return 4

    def options(self) -> dict[str, Any]:
        """Every layer keeps its rank, so that the size is known beforehand."""
        from peft import EvaConfig

        return {"init_lora_weights": "eva", "eva_config": EvaConfig(rho=1.0, use_label_mask=False)}

    def initialise(self, model: Any, context: RunContext) -> None:
        """Read the directions from a few training batches."""
        from peft import initialize_lora_eva_weights

        if not context.batches:
            raise ValueError("EVA starts from training batches, and there are none")
        # One batch can vary in fewer directions than the rank asks for; peft goes through the list until they settle.
        initialize_lora_eva_weights(model, list(context.batches), show_progress_bar=False)
        # In a download it is plain LoRA: nobody who loads it needs the data.
        config = model.peft_config["default"]
        config.init_lora_weights, config.eva_config = True, None
