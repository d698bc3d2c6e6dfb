"""Head only: the model stays as it is, only the answer layer learns."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, RunContext
from app.catalog.methods.capabilities import SEQUENCES, TOKENS, Capabilities

if TYPE_CHECKING:
    import torch


FILE = "new_parts.safetensors"


class HeadOnly(Method):
    """Head only has no settings of its own."""

    kind: Literal["head-only"] = "head-only"

    title: ClassVar[str] = "Head only"
    summary: ClassVar[str] = "Linear probe: the model stays frozen, only the classification head is trained."
    when: ClassVar[str] = "A first answer in seconds, and the model must not forget anything."
    against: ClassVar[str] = "The lowest ceiling of all: the model does not learn to read your texts better."
    source: ClassVar[str] = "The linear probe of Alain & Bengio 2016, arXiv 1610.01644"

    capabilities: ClassVar[Capabilities] = Capabilities(models=(SEQUENCES, TOKENS), mixed_batches=True)

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """1e-2 (measured on Banking77)."""
        return 1e-2

    def frozen_blocks(self, count: int) -> int:
        """All of them."""
        return count

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """None of the encoder's."""
        return 0

    def apply(self, model: "torch.nn.Module", context: RunContext | None = None) -> "torch.nn.Module":
        """Freeze everything but the new parts of the model."""
        model.requires_grad_(False)
        for head in context.heads if context else ():
            model.get_submodule(head).requires_grad_(True)
        return model

    def save(self, model: "torch.nn.Module", folder: Path, hub_id: str) -> None:
        """Write the new parts inside the model, if it has any; an answer layer beside it is kept for every method."""
        from safetensors.torch import save_file

        learned = {
            name: parameter.detach().cpu().contiguous()
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }
        if learned:
            save_file(learned, folder / FILE)

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """The base model with its new parts."""
        from safetensors.torch import load_file

        if (folder / FILE).exists():
            model.load_state_dict(load_file(folder / FILE), strict=False)
        return model.requires_grad_(False)
