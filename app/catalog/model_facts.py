"""What is known of a model from its configuration: the numbers that estimates, methods and tasks need; and which are possible at all.

:mod:`app.catalog.model_reading` finds them on the model that transformers builds. Here nothing is built and nothing loaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from app.catalog.card import BlockFacts
from app.errors import Rejected
from app.languages import gettext as _

Config = Mapping[str, Any]
ENCODER, DECODER, ENCODER_DECODER = "encoder", "decoder", "encoder-decoder"


@dataclass(frozen=True)
class ModelFacts:
    """One transformer; names as in :class:`app.catalog.card.BaseModelCard`."""

    model_type: str
    architecture: str
    kinds: tuple[str, ...]
    parameters: int
    hidden_size: int
    context_length: int
    target_length: int
    block_kinds: tuple[BlockFacts, ...]
    block_order: tuple[int, ...]
    outer_norm_parameters: int
    output_parameters: int
    key_width: int
    heads: int
    key_value_heads: int
    experts: int
    experts_used: int
    passes: int
    tied: bool
    fused_attention: bool
    lacks: tuple[str, ...]
    load_arguments: tuple[tuple[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    def for_card(self) -> dict[str, Any]:
        """The fields of a card that follow: those of the first block stand for all, where they are shown."""
        first = self.block_kinds[self.block_order[0]]
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **own,
            "layers": len(self.block_order),
            "linear_shapes": first.linear_shapes,
            "attention_shapes": first.attention_shapes,
            "block_parameters": first.parameters,
            "block_norm_parameters": first.norm_parameters,
            "pooling": "mean" if self.architecture == ENCODER else "last",
        }


def facts_from(values: Mapping[str, Any]) -> ModelFacts:
    """What :meth:`ModelFacts.as_dict` gave, after JSON."""
    return ModelFacts(**with_tuples(values))


def with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a card or of facts with tuples in place of the lists that JSON has."""
    blocks = [_block(block) for block in values.get("block_kinds", ())]
    plain = {name: _tuples(value) for name, value in values.items() if name != "block_kinds"}
    return {**plain, **({"block_kinds": tuple(blocks)} if "block_kinds" in values else {})}


# Numbers of a configuration with the most that any real model comes near to. Names as libraries have used them.
_WIDTHS = "hidden_size dim d_model n_embd embedding_size true_hidden_size embed_dim word_embed_proj_dim".split()
_INNER_WIDTHS = (
    "intermediate_size hidden_dim d_inner d_ff n_inner ffn_dim ffn_hidden_size moe_intermediate_size".split()
)
_COUNTS = (
    "num_hidden_layers n_layers n_layer num_layers num_attention_heads n_heads n_head num_heads num_key_value_heads "
    "num_local_experts num_experts n_routed_experts num_experts_per_tok"
).split()
MOST = {
    **dict.fromkeys((*_WIDTHS, *_INNER_WIDTHS), 1_000_000),
    **dict.fromkeys(_COUNTS, 10_000),
    "head_dim": 100_000,
    "max_position_embeddings": 100_000_000,
    "n_positions": 100_000_000,
    "max_seq_len": 100_000_000,
    "vocab_size": 10_000_000,
}
# Any other number: no size, identifier or limit of a real model is larger.
MOST_ELSE = 10**12


def check_config(config: Config) -> None:
    """Refuse a configuration that needs code of its own, names no type, or has a size that no model has.

    Raises:
        Rejected: ``needs_own_code``, ``unknown_family`` or ``config_value``.
    """
    if config.get("auto_map"):
        raise Rejected(
            "needs_own_code",
            _("This model comes with program code of its own, which the studio never runs."),
            _("Choose a model whose type transformers itself knows."),
        )
    if not config.get("model_type"):
        raise Rejected(
            "unknown_family",
            _("The model's config.json does not say of which type the model is."),
            _("Choose another model."),
        )
    for name, value in _numbers(config):
        if not _possible(name, value):
            raise _impossible(name, value)


def _possible(name: str, value: Any) -> bool:
    if name in MOST:
        return type(value) is int and _least(name) <= value <= MOST[name]
    return isinstance(value, float) or abs(value) <= MOST_ELSE


def _least(name: str) -> int:
    # Dense members of families with mixtures of experts state 0 experts.
    return 0 if "expert" in name else 1


def _impossible(name: str, value: Any) -> Rejected:
    printed = str(value)[:40] if not isinstance(value, int) or abs(value) < 10**15 else "a number without end"
    return Rejected(
        "config_value",
        f"The model's config.json says {name} = {printed}; a whole number from {_least(name)} to {MOST.get(name, MOST_ELSE):,} is possible.",
        "Choose another model.",
    )


def _numbers(config: Any) -> Iterator[tuple[str, Any]]:
    """Every number, and whatever stands where a known size belongs, with its key, at any depth; lists count as their key."""
    pending: list[tuple[str, Any]] = [("", config)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend((str(key), below) for key, below in value.items())
        elif isinstance(value, list):
            # Sizes by stage, label maps and the like: each number alone.
            pending.extend(("" if isinstance(below, int | float) else name, below) for below in value)
        elif value is not None and (isinstance(value, int | float) or name in MOST):
            yield name, value


def _block(block: Any) -> BlockFacts:
    if isinstance(block, BlockFacts):
        return block
    shapes = tuple((int(inputs), int(outputs)) for inputs, outputs in block["linear_shapes"])
    return BlockFacts(**{**block, "linear_shapes": shapes})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list | tuple) else value
