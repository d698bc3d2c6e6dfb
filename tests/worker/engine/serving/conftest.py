"""Tiny decoders of two architectures, and adapters on them."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from app.catalog.methods.dora import Dora
from app.catalog.methods.lora import Lora
from tests.tiny_chat import make_chat_base
from worker.engine.serving.shared_weights import load_tuned, share_weights


def make_llama(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(make_chat_base(folder), dtype=torch.float32).eval()


def make_gpt2(folder: Path) -> torch.nn.Module:
    torch.manual_seed(5)
    config = GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=100, n_positions=128, initializer_range=0.3)
    model = GPT2LMHeadModel(config)
    model.save_pretrained(folder)
    return model.eval()


@pytest.fixture(scope="module", params=[make_llama, make_gpt2], ids=["llama", "gpt2"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    model = request.param(tmp_path_factory.mktemp("base"))
    model.generation_config.eos_token_id = None
    return model


@pytest.fixture(scope="module")
def tuned(base: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> list[torch.nn.Module]:
    """Three adapters that differ in rank, scaling and target modules, and one of a kind that cannot be mixed."""
    last = "h.1.attn.c_attn" if "GPT2" in type(base).__name__ else "layers.1.self_attn.q_proj"
    configs = [
        LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False),
        LoraConfig(r=9, lora_alpha=30, use_rslora=True, target_modules="all-linear", init_lora_weights=False),
        LoraConfig(r=2, lora_alpha=40, target_modules=[last], init_lora_weights=False),
        LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, use_dora=True),
    ]
    folder, made = tmp_path_factory.mktemp("adapters"), []
    for number, config in enumerate(configs):
        torch.manual_seed(number)
        get_peft_model(share_weights(base), config).save_pretrained(folder / str(number))
        made.append(load_tuned(base, Dora() if config.use_dora else Lora(), folder / str(number)).eval())
    return made
