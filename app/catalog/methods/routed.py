"""Routed adapters: several LoRA adapters as one model, every token answered by those that fit it (arXiv 2405.11157)."""

from typing import ClassVar, Literal

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.methods.capabilities import Capabilities


class Routed(PeftMethod):
    """The form that a run gets by combining others with Arrow; nothing is trained, so there are no settings."""

    kind: Literal["routed"] = "routed"

    title: ClassVar[str] = "Routed adapters (Arrow)"
    summary: ClassVar[str] = "Arrow routing: a mixture of adapters that chooses for every token."
    when: ClassVar[str] = "You have adapters for different kinds of text and want one model for all of them."
    against: ClassVar[str] = (
        "As large as its adapters together; it cannot be merged, and the download needs the file that comes with it."
    )
    source: ClassVar[str] = "Ostapenko et al. 2024, arXiv 2405.11157"
    level: ClassVar[str] = "made"
    tuner: ClassVar[str] = "arrow"
    # It trains no kind of model: it is made of adapters that exist.
    capabilities: ClassVar[Capabilities] = Capabilities(merge=False, reopen=False, nf4=False, int8=False, models=())

    def recommended_learning_rate(self, base: BaseModelCard) -> float:
        """None: it never learns."""
        return 0.0

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """None."""
        return 0
