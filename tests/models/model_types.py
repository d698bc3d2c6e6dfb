"""The table of model types with the sizes of a tiny model of each, and how its checkpoint is made. Adding a type is one line."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from tests import tiny, tiny_chat

# As long as the rows that examples are packed into: tables of positions end here.
LENGTH = 512
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": LENGTH,
}
GROUPED = {**SIZES, "num_key_value_heads": 2, "head_dim": 8}
MIXTURE = {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}
MANY_EXPERTS = {**GROUPED, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": LENGTH, "n_ctx": LENGTH}
GROUPS = ("q", "k", "v", "post_attention", "intermediate", "output")

ENCODERS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert", "mpnet"), SIZES),
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": LENGTH},
    "electra": {**SIZES, "embedding_size": 16},
    "albert": {**SIZES, "embedding_size": 16},
    "deberta-v2": {**SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "modernbert": {**SIZES, "local_attention": 16},
    "eurobert": GROUPED,
    "nomic_bert": SIZES,
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64},
    "funnel": {"block_sizes": [1, 1], "block_repeats": [1, 1], "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 64},
    "longformer": {**SIZES, "attention_window": [8, 8]},
    "big_bird": {**SIZES, "attention_type": "original_full"},
    "mobilebert": {
        **SIZES,
        "embedding_size": 16,
        "true_hidden_size": 16,
        "intra_bottleneck_size": 16,
        "num_feedforward_networks": 2,
    },
    "squeezebert": {**SIZES, "embedding_size": 32, **dict.fromkeys((f"{part}_groups" for part in GROUPS), 1)},
    "rembert": {**SIZES, "input_embedding_size": 16, "output_embedding_size": 16},
}
DECODERS: dict[str, dict[str, Any]] = {
    **{key: {**GPT, "rotary_dim": 8} for key in ("gpt2", "gptj", "codegen")},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 16,
        "max_position_embeddings": LENGTH,
    },
    "gpt_neox": SIZES,
    "opt": {**SIZES, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "falcon": SIZES,
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": LENGTH, "expansion_ratio": 2},
    **dict.fromkeys(
        (
            *("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi", "phi3", "stablelm"),
            *("starcoder2", "olmo", "olmo2", "cohere", "cohere2", "granite", "smollm3", "glm", "glm4", "exaone4"),
            *("ernie4_5", "helium", "nemotron"),
        ),
        GROUPED,
    ),
    **dict.fromkeys(("mixtral", "granitemoe", "gpt_oss"), MIXTURE),
    "qwen2_moe": {**MANY_EXPERTS, "shared_expert_intermediate_size": 32},
    "qwen3_moe": MANY_EXPERTS,
    "deepseek_v3": {
        **SIZES,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
        "first_k_dense_replace": 1,
        "n_group": 1,
        "topk_group": 1,
        "q_lora_rank": 16,
        "kv_lora_rank": 16,
        "qk_rope_head_dim": 8,
        "qk_nope_head_dim": 8,
        "v_head_dim": 8,
    },
}
T5 = {"d_model": 32, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4, "d_kv": 8, "d_ff": 64}
BART = {
    "d_model": 32,
    **{f"{part}_layers": 2 for part in ("encoder", "decoder")},
    **{f"{part}_attention_heads": 4 for part in ("encoder", "decoder")},
    **{f"{part}_ffn_dim": 64 for part in ("encoder", "decoder")},
    "max_position_embeddings": LENGTH,
}
ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("t5", "mt5", "umt5"), T5),
    **dict.fromkeys(("bart", "pegasus", "marian"), BART),
    "led": {
        **{name: value for name, value in BART.items() if name != "max_position_embeddings"},
        "max_encoder_position_embeddings": LENGTH,
        "max_decoder_position_embeddings": LENGTH // 2,
        "attention_window": 8,
    },
}
# Refused with the reason: the studio has no task for them yet.
REFUSED: dict[str, str] = {
    "whisper": "encoder_decoder",
    **dict.fromkeys(("mbart", "m2m_100", "nllb-moe", "plbart"), "language_codes"),
    **dict.fromkeys(
        (
            *("vit", "deit", "beit", "dinov2", "swin", "convnext", "resnet", "efficientnet", "mobilevit"),
            *("siglip_vision_model", "clip_vision_model"),
        ),
        "not_for_text",
    ),
}


def make_checkpoint(model_type: str, folder: Path, **saving: Any) -> Path:
    """Write a model of two blocks with random weights and its tokenizer, as its publisher would."""
    torch.manual_seed(5)
    if model_type in ENCODERS:
        tokenizer, auto, sizes = tiny.make_tokenizer(), AutoModel, ENCODERS[model_type]
    elif model_type in ENCODER_DECODERS:
        tokenizer, auto = tiny_chat.make_tokenizer(), AutoModelForSeq2SeqLM
        # Where the configuration's own default lies outside of this vocabulary.
        sizes = {
            **ENCODER_DECODERS[model_type],
            "decoder_start_token_id": tokenizer.pad_token_id,
            "forced_eos_token_id": None,
        }
    else:
        tokenizer, auto, sizes = tiny_chat.make_tokenizer(), AutoModelForCausalLM, DECODERS[model_type]
    config = AutoConfig.for_model(
        model_type,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        **sizes,
    )
    config.architectures = []
    auto.from_config(config).save_pretrained(str(folder), **saving)
    tokenizer.save_pretrained(str(folder))
    return folder
