"""Facts read off models on the ``meta`` device, against the same models by other means, and against published sizes."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModel

from app.catalog.blocks import find_blocks
from app.catalog.methods.capabilities import CAUSAL, SEQUENCES, TOKENS
from app.catalog.model_facts import ModelFacts
from app.catalog.model_reading import read_facts
from app.errors import Rejected

ENCODER = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 66,
    "pad_token_id": 1,
}
DECODER = {**ENCODER, "num_key_value_heads": 2, "head_dim": 16}
DISTILBERT = {"vocab_size": 50, "dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 66}
CONFIGS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("bert", "roberta", "modernbert", "deberta-v2"), ENCODER),
    "distilbert": DISTILBERT,
    **dict.fromkeys(("llama", "qwen3", "gemma3_text", "smollm3", "phi3"), DECODER),
    "gpt2": {"vocab_size": 50, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 66},
}


def facts(folder: Path, model_type: str, **config: Any) -> ModelFacts:
    (folder / "config.json").write_text(json.dumps({"model_type": model_type, **config}))
    return read_facts(folder)


def size(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("family", CONFIGS)
def test_facts_are_those_of_the_model(tmp_path: Path, family: str) -> None:
    found = facts(tmp_path, family, **CONFIGS[family])
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.for_model(family, **CONFIGS[family]))
    blocks = list(find_blocks(model).values())
    assert (len(found.block_order), found.hidden_size) == (len(blocks), 32)
    norms = 0
    for number, block in zip(found.block_order, blocks, strict=True):
        described = found.block_kinds[number]
        linear = [part for part in block.modules() if type(part).__name__ in ("Linear", "Conv1D")]
        assert sum(a * b for a, b in described.linear_shapes) == sum(part.weight.numel() for part in linear)
        assert described.parameters == size(block)
        norms += described.norm_parameters
    every = sum(size(part) for part in model.modules() if "Norm" in type(part).__name__)
    assert norms + found.outer_norm_parameters == every


def test_blocks_that_differ_are_told_apart(tmp_path: Path) -> None:
    # ModernBERT's first block has no norm before its attention.
    found = facts(tmp_path, "modernbert", **ENCODER)
    assert found.block_order == (0, 1, 1)
    assert found.block_kinds[1].norm_parameters - found.block_kinds[0].norm_parameters == 32


def test_positions_of_roberta_begin_after_the_number_of_the_padding(tmp_path: Path) -> None:
    assert facts(tmp_path, "roberta", **ENCODER).context_length == 64
    assert facts(tmp_path, "bert", **ENCODER).context_length == 66


@pytest.mark.parametrize(
    ("model_type", "config", "billions", "kinds"),
    [
        # Published sizes; gpt-oss-20b: 20.9 B (OpenAI's model card), Mixtral 46.7 B, GPT-2 124 M, Gemma 2 2B: 2.61 B.
        ("gpt_oss", {"num_hidden_layers": 24, "num_local_experts": 32}, 20.9, (CAUSAL, SEQUENCES, TOKENS)),
        ("mixtral", {}, 46.7, (CAUSAL, SEQUENCES, TOKENS)),
        ("gpt2", {}, 0.124, (CAUSAL, SEQUENCES, TOKENS)),
        ("gemma2", {}, 2.61, (CAUSAL, SEQUENCES, TOKENS)),
        ("granite", {"hidden_size": 32, "intermediate_size": 48}, 0.002, (CAUSAL, SEQUENCES)),
    ],
)
def test_parameters_and_kinds_of_published_models(
    tmp_path: Path, model_type: str, config: dict[str, Any], billions: float, kinds: tuple[str, ...]
) -> None:
    found = facts(tmp_path, model_type, **config)
    assert found.parameters / 1e9 == pytest.approx(billions, rel=0.01, abs=0.001)
    assert found.kinds == kinds


def test_token_meets_only_the_experts_that_are_chosen_for_it(tmp_path: Path) -> None:
    sizes = {**DECODER, "num_local_experts": 4, "num_experts_per_tok": 2}
    found = facts(tmp_path, "mixtral", **sizes)
    assert (found.experts, found.experts_used) == (4, 2)
    # Two of four experts of three matrices each, and the router.
    assert found.block_kinds[0].other_weights == 2 * 3 * 32 * 48 + 4 * 32


def test_shared_layers_are_one_block_that_a_text_passes_often(tmp_path: Path) -> None:
    found = facts(tmp_path, "albert", **{**ENCODER, "embedding_size": 16})
    assert (len(found.block_order), found.passes, found.lacks) == (1, 3, ("feed-forward", "embeddings", "cache"))


def test_untied_output_layer_is_counted_apart(tmp_path: Path) -> None:
    assert facts(tmp_path, "llama", **DECODER).output_parameters == 50 * 32
    assert facts(tmp_path, "llama", **DECODER, tie_word_embeddings=True).output_parameters == 0


def test_encoder_decoder_has_the_blocks_of_both_halves(tmp_path: Path) -> None:
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    positions = {"max_encoder_position_embeddings": 400, "max_decoder_position_embeddings": 100, "attention_window": 8}
    found = facts(tmp_path, "led", vocab_size=50, **sizes, **heads, **positions)
    assert (found.architecture, found.kinds) == ("encoder-decoder", ("sequence-to-sequence",))
    # Encoder blocks have six linear layers, those of the decoder four more, of its attention to the source.
    assert [len(found.block_kinds[number].linear_shapes) for number in found.block_order] == [6, 6, 10]
    assert (found.context_length, found.target_length) == (400, 100)


@pytest.mark.parametrize(
    ("model_type", "code", "words"),
    [
        ("no-such-type", "unknown_family", "'no-such-type'"),
        ("whisper", "encoder_decoder", "text"),
        *((coded, "language_codes", "codes") for coded in ("mbart", "m2m_100", "nllb-moe")),
        ("vit", "not_for_text", "'vit'"),
        ("mamba", "no_attention", "attention"),
        ("nemotron", "config_refused", "TypeError"),
    ],
)
def test_model_that_cannot_be_tuned_is_refused_with_its_reason(
    tmp_path: Path, model_type: str, code: str, words: str
) -> None:
    with pytest.raises(Rejected) as refused:
        facts(tmp_path, model_type)
    assert refused.value.code == code and words in refused.value.message and refused.value.hint
