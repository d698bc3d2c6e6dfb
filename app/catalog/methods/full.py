"""Full fine-tuning: every weight learns."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, RunContext
from app.catalog.methods.capabilities import Capabilities

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Full(Method):
    """Full fine-tuning has no settings of its own."""

    kind: Literal["full"] = "full"

    title: ClassVar[str] = "Full fine-tuning"
    summary: ClassVar[str] = "Updates every weight of the model."
    when: ClassVar[str] = "Many rows, a small model, and quality above all."
    against: ClassVar[str] = "Needs the most memory, makes the largest download and forgets most."
    source: ClassVar[str] = "Devlin et al. 2018, arXiv 1810.04805"
    whole_model: ClassVar[bool] = True
    capabilities: ClassVar[Capabilities] = Capabilities(nf4=False, int8=False)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """5e-5, the upper end of the rates in the BERT paper's appendix."""
        return 5e-5

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """All of them."""
        return base.parameters

    def apply(self, model: "torch.nn.Module", context: RunContext | None = None) -> "torch.nn.Module":
        """Leave everything trainable."""
        return model.requires_grad_(True)

    def save(self, model: "torch.nn.Module", folder: Path, hub_id: str) -> None:
        """Write the whole model in transformers' own format: ``config.json`` and ``model.safetensors``."""
        cast("PreTrainedModel", model).save_pretrained(str(folder))

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """Replace the base model's weights by the tuned ones."""
        base = cast("PreTrainedModel", model)
        return type(base).from_pretrained(str(folder), use_safetensors=True, config=base.config)
