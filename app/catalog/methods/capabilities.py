"""What a tuning method can do beyond training, and the refusal of what it cannot, before anything runs.

The facts were measured: each method on tiny and small real models, each ability compared with the base model or with an
uninterrupted run. An ability that fails silently (no error, wrong answer) counts as absent.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.languages import gettext_noop

if TYPE_CHECKING:
    from app.catalog.methods.base import Method

CAUSAL, SEQUENCES, TOKENS = "causal", "sequence-classification", "token-classification"
# Encoder-decoders: one text is read, another is written.
SEQ2SEQ = "sequence-to-sequence"
MODEL_KINDS = (CAUSAL, SEQUENCES, TOKENS, SEQ2SEQ)

# Ability -> the words of the refusal when it is missing.
ABILITIES = {
    "merge": gettext_noop("merge what was learned into the model's own weights"),
    "switch_off": gettext_noop("compare with the base model without loading it a second time"),
    "mixed_batches": gettext_noop("answer rows of different adapters in one batch"),
    "gradient_checkpointing": gettext_noop("train with gradient checkpointing"),
    "resume": gettext_noop("continue an interrupted run from its checkpoint"),
    "reopen": gettext_noop("continue training a downloaded adapter"),
    "nf4": gettext_noop("train on a base model in 4 bits"),
    "int8": gettext_noop("train on a base model in 8 bits"),
    "generate_without_cache": gettext_noop("write text without the key-value cache"),
    "combine": gettext_noop("be combined with other adapters of the same base model"),
    "shrink": gettext_noop("be shrunk into a LoRA, being no whole model"),
    "layers": gettext_noop("train only some of the layers"),
}

# Parts of a model that a method may need -> what they are, for the refusal of a model that has none.
LINEAR, NORMS, ATTENTION_END, FEED_FORWARD_END = "linear", "norms", "attention-end", "feed-forward-end"
FEED_FORWARD, EMBEDDINGS, CACHE = "feed-forward", "embeddings", "cache"
PARTS = {
    LINEAR: gettext_noop("linear layers in every block"),
    NORMS: gettext_noop("norms with weights"),
    ATTENTION_END: gettext_noop("a linear layer that leads out of the attention part"),
    FEED_FORWARD_END: gettext_noop("a linear layer that leads out of the feed-forward part"),
    FEED_FORWARD: gettext_noop("a feed-forward part that is one module"),
    EMBEDDINGS: gettext_noop("an input for vectors in place of tokens"),
    CACHE: gettext_noop("an input for keys and values"),
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
