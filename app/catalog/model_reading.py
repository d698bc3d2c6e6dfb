"""Reads what a model is off the model itself: transformers builds it from its configuration on torch's ``meta`` device, without weights.

For a process of its own (`app.services.models.model_reader`): imports torch, and builds whatever a configuration describes.
"""

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.catalog import blocks as parts
from app.catalog.card import BlockFacts
from app.catalog.methods.capabilities import (
    ATTENTION_END,
    CACHE,
    CAUSAL,
    EMBEDDINGS,
    FEED_FORWARD,
    FEED_FORWARD_END,
    LINEAR,
    NORMS,
    SEQ2SEQ,
    SEQUENCES,
    TOKENS,
)
from app.catalog.model_facts import DECODER, ENCODER, ENCODER_DECODER, ModelFacts
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    from torch import nn

# Encoders that transformers files under causal models, or under neither: they read in both directions all the same.
ENCODERS_BY_NAME = ("xlnet", "xlm", "flaubert")
# Encoder-decoders whose tokenizers mark the languages of source and target by codes (mBART, M2M100 and NLLB, PLBart, SeamlessM4T): without a setting
# for them both sides would get the tokenizer's default.
LANGUAGE_CODED = ("mbart", "m2m_100", "nllb-moe", "plbart", "seamless_m4t", "seamless_m4t_v2")
# Where a configuration gives no limit, as relative positions need none: what such models were trained on.
UNLIMITED = 512
LENGTHS = (
    *(
        "max_position_embeddings",
        "max_encoder_position_embeddings",
        "n_positions",
        "max_seq_len",
        "max_sequence_length",
    ),
    "seq_length",
)


def read_facts(folder: Path) -> ModelFacts:
    """The facts of the model whose ``config.json`` is in a folder.

    Raises:
        Rejected: the model cannot be tuned here; the code and the words say why.
    """
    config = _config(folder)
    architecture = _architecture(config)
    kinds = _kinds(config, architecture)
    model = _build(config, kinds)
    body = _body(model)
    blocks = parts.find_blocks(body)
    _require_attention(config, blocks)
    text = config.get_text_config()
    found = [_block_facts(block, _experts_used(text)) for block in blocks.values()]
    different = tuple(dict.fromkeys(found))
    heads = int(getattr(text, "num_attention_heads", 0) or 1)
    key_value_heads = int(getattr(text, "num_key_value_heads", None) or heads)
    width = parts.stream_width(model)
    experts = max(parts.count_experts(block) for block in blocks.values())
    context = _context_length(text, body)
    return ModelFacts(
        model_type=config.model_type,
        architecture=architecture,
        kinds=kinds,
        parameters=parts.count_weights(model),
        hidden_size=width,
        context_length=context,
        target_length=_number(text, "max_decoder_position_embeddings") if SEQ2SEQ in kinds else 0,
        block_kinds=different,
        block_order=tuple(different.index(block) for block in found),
        outer_norm_parameters=_norms(model) - sum(block.norm_parameters for block in found),
        output_parameters=_output_parameters(model, body),
        key_width=key_value_heads * int(getattr(text, "head_dim", None) or width // heads),
        heads=heads,
        key_value_heads=key_value_heads,
        experts=experts,
        experts_used=_experts_used(text) if experts else 0,
        passes=1 if SEQ2SEQ in kinds else _passes(text, len(found)),
        tied=bool({CAUSAL, SEQ2SEQ} & set(kinds)) and bool(getattr(text, "tie_word_embeddings", False)),
        fused_attention=bool(getattr(model, "_supports_sdpa", False)),
        lacks=_missing_parts(model, body, blocks, width),
        load_arguments=_load_arguments(model) if architecture == ENCODER else (),
    )


def _config(folder: Path) -> Any:
    from transformers import AutoConfig
    from transformers.models.auto import configuration_auto

    kind = str(_json(folder).get("model_type"))
    if kind not in configuration_auto.CONFIG_MAPPING_NAMES:  # type: ignore[attr-defined]
        raise Rejected(
            "unknown_family",
            _("Models of the type {kind} are not known to the installed version of transformers.", kind=repr(kind)),
            _("Choose another model, or install a newer version of the studio."),
        )
    with _refusing(kind):
        return AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)


def _architecture(config: Any) -> str:
    from transformers.models.auto import modeling_auto as known

    kind = config.model_type
    if getattr(config, "is_encoder_decoder", False):
        if kind in LANGUAGE_CODED:
            raise Rejected(
                "language_codes",
                _(
                    "Models of the type {kind} take codes that say from which language into which they translate; the studio has no "
                    "setting for these codes yet.",
                    kind=repr(kind),
                ),
                _(
                    "Choose a model without such codes: mT5, T5, BART, or Marian (opus-mt), which is made for one pair of languages."
                ),
            )
        if kind in known.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
            return ENCODER_DECODER
        raise Rejected(
            "encoder_decoder",
            _("Models of the type {kind} do not read text and write text.", kind=repr(kind)),
            _("Choose an encoder-decoder for text, such as T5 or BART."),
        )
    reads = kind in known.MODEL_FOR_MASKED_LM_MAPPING_NAMES or kind in ENCODERS_BY_NAME
    if reads and not getattr(config, "is_decoder", False):
        return ENCODER
    if kind in known.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return DECODER
    raise Rejected(
        "not_for_text",
        _("Models of the type {kind} are none that read or write text.", kind=repr(kind)),
        _("Choose a model for text."),
    )


def _kinds(config: Any, architecture: str) -> tuple[str, ...]:
    """The kinds of model that transformers has a class for: a text's vector is read off any body."""
    from transformers.models.auto import modeling_auto as known

    if architecture == ENCODER_DECODER:
        return (SEQ2SEQ,)
    kinds = [CAUSAL] if architecture == DECODER else []
    if config.model_type in known.MODEL_MAPPING_NAMES:
        kinds.append(SEQUENCES)
    if config.model_type in known.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES:
        kinds.append(TOKENS)
    return tuple(kinds)


def _build(config: Any, kinds: tuple[str, ...]) -> Any:
    """The model without memory for its weights."""
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    writes = {CAUSAL: AutoModelForCausalLM, SEQ2SEQ: AutoModelForSeq2SeqLM}
    auto: Any = writes.get(kinds[0], AutoModel) if kinds else AutoModel
    with _refusing(config.model_type), torch.device("meta"):
        # A configuration need not say for which class it was made; transformers takes its first one then.
        config.architectures = config.architectures or []
        model = auto.from_config(config, trust_remote_code=False, attn_implementation="eager")
        arguments = _load_arguments(model)
        return type(model)(config, **dict(arguments)) if arguments and auto is AutoModel else model


class _refusing:
    """Turns whatever a library says of a configuration into a refusal; what the process itself lacks passes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, Rejected | MemoryError | RecursionError):
            raise Rejected(
                "config_refused",
                _(
                    "transformers cannot build this model of the type {kind} from its config.json: {words}",
                    kind=repr(self.kind),
                    words=" ".join(f"{type(error).__name__}: {error}".split())[:300],
                ),
                _("Choose another model."),
            ) from None


def _body(model: Any) -> Any:
    """The model without its output layer."""
    return getattr(model, model.base_model_prefix, model)


def _output_parameters(model: Any, body: Any) -> int:
    """Weights of an output layer of its own; T5 has no module that is the body alone."""
    if body is not model:
        return parts.count_weights(model) - parts.count_weights(body)
    output, words = (getattr(model, name)() for name in ("get_output_embeddings", "get_input_embeddings"))
    return parts.count_weights(output) if output is not None and output.weight is not words.weight else 0


def _load_arguments(model: Any) -> tuple[tuple[str, Any], ...]:
    """A pooler that nothing has trained would be dead weight."""
    takes = "add_pooling_layer" in inspect.signature(type(model).__init__).parameters
    return (("add_pooling_layer", False),) if takes else ()


def _require_attention(config: Any, blocks: "dict[str, nn.Module]") -> None:
    first = next(iter(blocks.values()))
    if any("attn" in name.lower() or "attention" in name.lower() for name, _module in first.named_modules()):
        return
    raise Rejected(
        "no_attention",
        _("Models of the type {kind} have no attention; the studio tunes transformers.", kind=repr(config.model_type)),
        _("Choose another model."),
    )


def _block_facts(block: "nn.Module", experts_used: int) -> BlockFacts:
    linear = parts.linear_layers(block)
    attention = [parts.shape_of(layer) for name, layer in linear.items() if parts.part_of(name) == "attention"]
    others = [parts.shape_of(layer) for name, layer in linear.items() if parts.part_of(name) != "attention"]
    return BlockFacts(
        linear_shapes=(*attention, *others),
        attention_shapes=len(attention),
        parameters=parts.count_weights(block),
        norm_parameters=_norms(block),
        other_weights=_other_weights(block, set(map(id, linear.values())), experts_used),
    )


def _other_weights(block: "nn.Module", linear: set[int], experts_used: int) -> int:
    """Weights of matrices that are no linear layer; of stacked experts those that one token goes through."""
    experts, total = parts.count_experts(block), 0
    for name, module in block.named_modules():
        if id(module) in linear or "Embedding" in type(module).__name__:
            continue
        for weight in module.parameters(recurse=False):
            if weight.dim() >= 2:
                chosen = experts and parts.EXPERTS in name.split(".")
                total += weight.numel() * min(experts_used, experts) // experts if chosen else weight.numel()
    return total


def _norms(module: "nn.Module") -> int:
    return sum(parts.count_weights(part) for part in module.modules() if parts.is_norm(part))


def _experts_used(config: Any) -> int:
    for name in ("num_experts_per_tok", "moe_k", "num_experts_per_token", "moe_topk", "experts_per_token"):
        if isinstance(used := getattr(config, name, None), int):
            return max(1, used)
    return 1


def _passes(config: Any, blocks: int) -> int:
    """How often a text goes through all blocks: more than once where layers share their weights."""
    layers = getattr(config, "num_hidden_layers", blocks)
    return layers // blocks if isinstance(layers, int) and blocks and layers % blocks == 0 else 1


def _context_length(config: Any, body: "nn.Module") -> int:
    """Tokens that the model reads; a table of positions that begins after the padding's number holds fewer than it has rows."""
    from torch import nn

    said = [_number(config, name) for name in LENGTHS]
    length = next((number for number in said if number > 0), UNLIMITED)
    for name, module in body.named_modules():
        if "position" in name.rpartition(".")[2] and type(module) is nn.Embedding and module.padding_idx is not None:
            length = min(length, module.num_embeddings - module.padding_idx - 1)
    return length


def _number(config: Any, name: str) -> int:
    try:
        value = getattr(config, name, 0)
    except NotImplementedError:
        return 0  # XLNet's way to say that there is no limit
    return value if isinstance(value, int) else 0


def _missing_parts(model: Any, body: Any, blocks: "dict[str, nn.Module]", width: int) -> tuple[str, ...]:
    """What tuning methods may need and this model has not in every block."""
    takes = inspect.signature(body.forward).parameters
    has = {
        LINEAR: all(parts.linear_layers(block) for block in blocks.values()),
        NORMS: _norms(model) > 0,
        ATTENTION_END: all(parts.attention_end(block, width) for block in blocks.values()),
        FEED_FORWARD_END: all(parts.feed_forward_end(block, width) for block in blocks.values()),
        FEED_FORWARD: all(parts.feed_forward(block, width) for block in blocks.values()),
        # Virtual tokens are as wide as the stream; some models (ALBERT, ELECTRA) widen narrower embeddings only afterwards.
        EMBEDDINGS: "inputs_embeds" in takes and body.get_input_embeddings().embedding_dim == width,
        CACHE: "past_key_values" in takes,
    }
    return tuple(part for part, there in has.items() if not there)


def _json(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
