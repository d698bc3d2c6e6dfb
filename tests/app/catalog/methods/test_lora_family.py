"""Variants of LoRA: sizes by hand, and downloads that are plain LoRA whatever the start was."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL


def test_size_is_rank_times_inputs_and_outputs() -> None:
    assert make("lora", rank=4).count(10, 20, [(10, 20)]) == 4 * 30


def test_configuration_takes_the_settings() -> None:
    config = make("lora", rank=3, alpha=12, dropout=0.25).config(models.make_model(CAUSAL))
    assert (config.r, config.lora_alpha, config.lora_dropout) == (3, 12, 0.25)
    assert config.target_modules == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


@pytest.mark.parametrize("kind", ["pissa", "olora"])
def test_download_of_a_variant_that_changes_the_weights_is_plain_lora_of_twice_the_rank(
    kind: str, tmp_path: Path
) -> None:
    method = make(kind, rank=2, alpha=2)
    model = models.apply(method, CAUSAL)
    for name, weight in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(weight)
    answers = models.logits_of(model, CAUSAL)
    method.save(model, tmp_path, "tests/tiny")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["init_lora_weights"]) == (4, 4, True)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert {value.shape[0] for name, value in saved.items() if ".lora_A." in name} == {4}
    # The frozen weights of any machine are those before the start, so the untouched base must give the same answers.
    loaded = method.load(models.make_model(CAUSAL), tmp_path)
    torch.testing.assert_close(models.logits_of(loaded, CAUSAL), answers, rtol=0, atol=1e-4)
    # The run itself goes on with what it had.
    assert model.peft_config["default"].r == 2
