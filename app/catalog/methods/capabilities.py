"""What a tuning method can do beyond training, and the refusal of what it cannot, before anything runs.

The facts were measured: each method on tiny and small real models, each ability compared with the untouched or the
uninterrupted twin. An ability that fails silently (no error, wrong answer) counts as absent. Knows no model.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from app.errors import Rejected

if TYPE_CHECKING:
    from app.catalog.methods.base import Method

CAUSAL, SEQUENCES, TOKENS = "causal", "sequence-classification", "token-classification"
MODEL_KINDS = (CAUSAL, SEQUENCES, TOKENS)

# Ability -> what a person wants when it is missing.
ABILITIES = {
    "merge": "merge what was learned into the model's own weights",
    "switch_off": "compare with the untouched model without loading it a second time",
    "mixed_batches": "answer rows of different adapters in one batch",
    "gradient_checkpointing": "train with gradient checkpointing",
    "resume": "continue an interrupted run from its checkpoint",
    "reopen": "go on training a downloaded adapter",
    "nf4": "train on a base model in 4 bits",
    "int8": "train on a base model in 8 bits",
    "generate_without_cache": "write text without the key-value cache",
}


@dataclass(frozen=True)
class Capabilities:
    """One flag for each entry of :data:`ABILITIES`, and the kinds of model that the method trains."""

    merge: bool = True
    switch_off: bool = True
    mixed_batches: bool = False
    gradient_checkpointing: bool = True
    resume: bool = True
    reopen: bool = True
    nf4: bool = True
    int8: bool = True
    generate_without_cache: bool = True
    models: tuple[str, ...] = MODEL_KINDS

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "models": list(self.models)}


def require(method: "type[Method] | Method", ability: str) -> None:
    """Refuse what this method cannot do, naming methods that can.

    Raises:
        Rejected: ``method_cannot``; the hint names up to four alternatives in the order of the menu.
    """
    from app.catalog.methods import METHODS

    if getattr(method.capabilities, ability):
        return
    able = [each.title for each in METHODS if getattr(each.capabilities, ability)]
    raise Rejected(
        "method_cannot",
        f"{method.title} cannot {ABILITIES[ability]}.",
        f"Choose one of these instead: {', '.join(able[:4])}." if able else "No method of the studio can.",
        details={"method": method.model_fields["kind"].default, "ability": ability},
    )


def require_model_kind(method: "type[Method] | Method", kind: str) -> None:
    """Refuse a kind of model that the method does not train, naming methods that do.

    Raises:
        Rejected: ``method_not_for_model``.
    """
    from app.catalog.methods import METHODS

    if kind in method.capabilities.models:
        return
    able = [each.title for each in METHODS if kind in each.capabilities.models]
    raise Rejected(
        "method_not_for_model",
        f"{method.title} does not train models for {kind.replace('-', ' ')}.",
        f"Choose one of these instead: {', '.join(able[:4])}.",
    )
