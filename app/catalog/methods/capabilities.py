"""What a tuning method can do beyond training, and the refusal of what it cannot, before anything runs.

The facts were measured: each method on tiny and small real models, each ability compared with the untouched or the
uninterrupted twin. An ability that fails silently (no error, wrong answer) counts as absent. Knows no model.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    "combine": "be combined with other adapters of the same base model",
    "shrink": "be shrunk into a LoRA, being no whole model",
    "layers": "train only some of the layers",
}


@dataclass(frozen=True)
class Capabilities:
    """Measured flags for entries of :data:`ABILITIES`, and the kinds of model that the method trains."""

    merge: bool = True
    switch_off: bool = True
    mixed_batches: bool = False
    gradient_checkpointing: bool = True
    resume: bool = True
    reopen: bool = True
    nf4: bool = True
    int8: bool = True
    generate_without_cache: bool = True
    combine: bool = False
    models: tuple[str, ...] = MODEL_KINDS


def can(method: "type[Method] | Method", ability: str) -> bool:
    """Whether the method has the ability; two of them follow from what the method is."""
    kind = method if isinstance(method, type) else type(method)
    if ability == "layers":
        return "layers" in kind.model_fields
    return kind.whole_model if ability == "shrink" else bool(getattr(kind.capabilities, ability))


def require(method: "type[Method] | Method", ability: str, *, task_type: str = "", field: str = "") -> None:
    """Refuse what this method cannot do, naming methods that can.

    Args:
        task_type: the alternatives are to serve this task; any if empty.
        field: the setting that asked for it, named in the details.

    Raises:
        Rejected: ``method_cannot``; the hint names up to four alternatives in the order of the menu.
    """
    if can(method, ability):
        return
    hint = _alternatives(ability, task_type)
    raise Rejected(
        "method_cannot",
        f"{method.title} cannot {ABILITIES[ability]}.",
        hint,
        details={
            "method": _kind(method),
            "ability": ability,
            **({"fields": {field: f"{method.title} cannot {ABILITIES[ability]}. {hint}"}} if field else {}),
        },
    )


def refusals(method: "type[Method]") -> dict[str, str]:
    """For each ability that is missing the sentences that :func:`require` would say, so that a form can say them first."""
    told = {}
    for ability in ABILITIES:
        try:
            require(method, ability)
        except Rejected as refusal:
            told[ability] = f"{refusal.message} {refusal.hint}"
    return told


def _alternatives(ability: str, task_type: str) -> str:
    from app.catalog.methods import METHODS

    able = [each.title for each in METHODS if can(each, ability) and task_type in ("", *each.task_types)]
    return f"Choose one of these instead: {', '.join(able[:4])}." if able else "No method of the studio can."


def _kind(method: "type[Method] | Method") -> str:
    kind = method if isinstance(method, type) else type(method)
    return str(kind.model_fields["kind"].default)


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
