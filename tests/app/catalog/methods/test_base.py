"""What every method has in common: which tasks it serves, rates of short runs, files of a download."""

import json
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, BertModel

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.methods import METHODS
from app.catalog.methods.base import RunContext, peft_task
from app.catalog.task_types import TASK_TYPES
from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL, SEQUENCES, TOKENS

CONFIG = BertConfig(vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)


def test_methods_serve_the_tasks_of_their_models():
    for task in TASK_TYPES:
        serving = {candidate.model_fields["kind"].default for candidate in METHODS if task.kind in candidate.task_types}
        assert {"lora", "full"} <= serving
        assert ("head-only" in serving) == (task.family in ("classification", "tokens"))


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="ranks"):
        make("lora", ranks=4)


def test_task_is_recognised_by_the_class_of_the_model() -> None:
    assert [peft_task(models.make_model(kind)) for kind in (CAUSAL, SEQUENCES, TOKENS)] == [
        "CAUSAL_LM",
        "SEQ_CLS",
        "TOKEN_CLS",
    ]
    assert peft_task(BertModel(CONFIG)) is None


@pytest.mark.parametrize("model_class", [BertForSequenceClassification, BertForTokenClassification])
def test_new_parts_learn_and_are_saved_with_the_adapter(model_class: type, tmp_path: Path) -> None:
    heads = ("bert.pooler.dense", "classifier") if model_class is BertForSequenceClassification else ("classifier",)
    wrapped = make("lora").apply(model_class(CONFIG), RunContext(heads=heads))
    learning = [name for name, weight in wrapped.named_parameters() if weight.requires_grad]
    for head in heads:
        assert any(head in name for name in learning)
    make("lora").save(wrapped, tmp_path, "tests/tiny")
    kept = json.loads((tmp_path / "adapter_config.json").read_text())
    assert set(kept["modules_to_save"]) >= {head for head in heads if head != "classifier"}


def test_download_names_the_published_model_and_brings_the_tuner(tmp_path: Path) -> None:
    method = make("bottleneck-adapter")
    method.save(method.apply(BertModel(CONFIG)), tmp_path, "publisher/model")
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == "publisher/model"
    assert {path.name for path in tmp_path.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "bottleneck.py",
    }


def test_model_that_no_method_has_wrapped_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not wrapped by peft: Linear"):
        make("lora").save(torch.nn.Linear(2, 2), tmp_path, "tests/tiny")


def test_method_leaves_what_it_does_not_need_to_the_base() -> None:
    method, linear = make("head-only"), torch.nn.Linear(2, 2)
    assert (method.base_precision, method.virtual_tokens, method.batches_wanted) == ("full", 0, 0)
    assert method.adapter_shapes(STARTER_ENCODER) == [] and method.extra_state(linear) == {}
    assert method.rate_factor("lora_B") == 1.0
