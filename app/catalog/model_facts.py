"""What a model's ``config.json`` says of its shape: the numbers that estimates need. Reads no weights, loads nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import Rejected
from app.languages import gettext as _

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """One transformer by arithmetic; names as in :class:`app.catalog.base_models.BaseModelCard`."""

    family: str
    hidden_size: int
    layers: int
    context_length: int
    linear_shapes: tuple[tuple[int, int], ...]
    block_parameters: int
    block_norm_parameters: int
    outer_norm_parameters: int
    key_width: int
    attention_shapes: int = 4
    load_arguments: tuple[tuple[str, Any], ...] = ()


def _bert(config: Config) -> Shape:
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    shapes = ((hidden, hidden),) * 4 + ((hidden, inner), (inner, hidden))
    pooler = () if config["model_type"] == "distilbert" else (("add_pooling_layer", False),)
    # RoBERTa's positions begin after the padding's number, which takes two from what it can read.
    lost = 2 if config["model_type"] in ("roberta", "xlm-roberta") else 0
    return Shape(
        "encoder",
        hidden,
        config["num_hidden_layers"],
        config["max_position_embeddings"] - lost,
        shapes,
        _weights(shapes, biases=True) + 4 * hidden,
        4 * hidden,
        2 * hidden,
        hidden,
        load_arguments=pooler,
    )


def _distilbert(config: Config) -> Shape:
    names = {"hidden_size": "dim", "intermediate_size": "hidden_dim", "num_hidden_layers": "n_layers"}
    return _bert({**config, **{ours: config[theirs] for ours, theirs in names.items()}})


def _llama(config: Config) -> Shape:
    hidden, inner, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    head = config.get("head_dim") or hidden // heads
    queries, keys = heads * head, (config.get("num_key_value_heads") or heads) * head
    attention = ((hidden, queries), (hidden, keys), (hidden, keys), (queries, hidden))
    shapes = (*attention, (hidden, inner), (hidden, inner), (inner, hidden))
    with_bias = config.get("attention_bias", config["model_type"] == "qwen2")
    norms = 2 * hidden + (2 * head if config["model_type"] == "qwen3" else 0)
    biases = queries + 2 * keys + (hidden if with_bias and config["model_type"] != "qwen2" else 0)
    block = _weights(shapes, biases=False) + norms + (biases if with_bias else 0)
    return Shape(
        "decoder",
        hidden,
        config["num_hidden_layers"],
        config["max_position_embeddings"],
        shapes,
        block,
        norms,
        hidden,
        keys,
    )


FAMILIES: dict[str, Callable[[Config], Shape]] = {
    "bert": _bert,
    "roberta": _bert,
    "xlm-roberta": _bert,
    "distilbert": _distilbert,
    "llama": _llama,
    "mistral": _llama,
    "qwen2": _llama,
    "qwen3": _llama,
}


# Numbers of a configuration with the most that any real model comes near to.
MOST = {
    **dict.fromkeys(("hidden_size", "dim", "intermediate_size", "hidden_dim"), 1_000_000),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_attention_heads", "n_heads", "num_key_value_heads"), 10_000),
    "head_dim": 100_000,
    "max_position_embeddings": 100_000_000,
    "vocab_size": 10_000_000,
}


def shape_of(config: Config) -> Shape:
    """The shape that a configuration describes.

    Raises:
        Rejected: the model needs code of its own, is of a family that is not known here, or lacks a number.
    """
    if config.get("auto_map"):
        raise Rejected(
            "needs_own_code",
            _("This model comes with program code of its own, which the studio never runs."),
            _("Choose a model of a family that transformers knows: ") + ", ".join(FAMILIES) + ".",
        )
    kind = str(config.get("model_type", ""))
    if kind not in FAMILIES:
        raise Rejected(
            "unknown_family",
            _("Models of the family {kind} cannot be tuned here yet.", kind=repr(kind or _("without a name"))),
            _("Choose one of: ") + ", ".join(FAMILIES) + ".",
        )
    _check_numbers(config)
    try:
        return FAMILIES[kind](config)
    except KeyError as missing:
        raise Rejected(
            "config_incomplete",
            _("The model's config.json does not say {missing}.", missing=missing),
            _("Choose another model."),
        ) from None


def _check_numbers(config: Config) -> None:
    for name, most in MOST.items():
        value = config.get(name)
        if value is not None and not (type(value) is int and 1 <= value <= most):
            printed = str(value)[:40] if not isinstance(value, int) or abs(value) < 10**15 else "a number without end"
            raise Rejected(
                "config_value",
                f"The model's config.json says {name} = {printed}; a whole number from 1 to {most:,} is possible.",
                "Choose another model.",
            )


def _weights(shapes: tuple[tuple[int, int], ...], *, biases: bool) -> int:
    return sum(inputs * outputs + (outputs if biases else 0) for inputs, outputs in shapes)
