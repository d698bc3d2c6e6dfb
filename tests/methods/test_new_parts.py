"""Heads and poolers that no pre-training has touched are found on every architecture, learn, and come back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    BertConfig,
    BertModel,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    RobertaConfig,
)

from app.catalog.methods.base import RunContext
from tests.methods.choice import make
from worker.engine.modeling.new_parts import find_new_parts

SIZES: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
QUIET: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
BODIES = {
    "bert-without-pooler": BertConfig(**SIZES, **QUIET),
    "roberta": RobertaConfig(**SIZES, **QUIET),
    "electra": ElectraConfig(**SIZES, **QUIET, embedding_size=32),
    "deberta-v2": DebertaV2Config(**SIZES, **QUIET),
    "distilbert": DistilBertConfig(
        vocab_size=40,
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=64,
        max_position_embeddings=64,
        dropout=0.0,
        attention_dropout=0.0,
        seq_classif_dropout=0.0,
    ),
    "modernbert": ModernBertConfig(
        **SIZES,
        cls_token_id=1,
        sep_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
        global_attn_every_n_layers=1,
        attn_implementation="eager",
        reference_compile=False,
    ),
}
TASKS = {
    "sequences": AutoModelForSequenceClassification,
    "tokens": AutoModelForTokenClassification,
    "questions": AutoModelForQuestionAnswering,
}
QUICK = {("bert-without-pooler", "sequences"), ("modernbert", "sequences"), ("roberta", "tokens")}
PAIRS = [
    pytest.param(body, task, marks=() if (body, task) in QUICK else (pytest.mark.methods,))
    for body in BODIES
    for task in TASKS
]
IDS = torch.tensor([[1, 5, 9, 17, 30, 2], [1, 6, 8, 22, 11, 2]])


def save_body(body: str, folder: Path) -> None:
    torch.manual_seed(0)
    config = BODIES[body]
    model = BertModel(config, add_pooling_layer=False) if body.startswith("bert") else AutoModel.from_config(config)
    model.save_pretrained(folder)


def load(folder: Path, task: str, seed: int) -> tuple[Any, tuple[str, ...]]:
    """A model with a head that starts from ``seed``, and its new parts."""
    torch.manual_seed(seed)
    model, loading = TASKS[task].from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    return model.eval(), find_new_parts(loading["missing_keys"])


def answers(model: Any) -> torch.Tensor:
    model.eval()
    with torch.no_grad():
        result = model(input_ids=IDS, attention_mask=torch.ones_like(IDS))
    return result.logits if hasattr(result, "logits") else torch.stack([result.start_logits, result.end_logits])


@pytest.mark.parametrize(("body", "task"), PAIRS)
def test_new_parts_learn_and_come_back(tmp_path: Path, body: str, task: str) -> None:
    save_body(body, tmp_path / "base")
    model, new = load(tmp_path / "base", task, seed=1)
    assert new
    method = make("lora", dropout=0.0)
    torch.manual_seed(2)
    tuned = method.apply(model, RunContext(heads=new))
    begin = {name: weight.detach().clone() for name, weight in tuned.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.AdamW([parameter for parameter in tuned.parameters() if parameter.requires_grad], lr=1e-2)
    for _ in range(3):
        result = tuned(input_ids=IDS, attention_mask=torch.ones_like(IDS))
        outputs = result.logits if hasattr(result, "logits") else result.start_logits + result.end_logits
        outputs.pow(2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    now = dict(tuned.named_parameters())
    for name in new:
        moved = [not torch.equal(now[key], value) for key, value in begin.items() if f"{name}." in key]
        assert any(moved), name
    wanted = answers(tuned)
    method.save(tuned, tmp_path / "adapter", "tests/tiny")
    fresh, again = load(tmp_path / "base", task, seed=7)
    assert again == new
    torch.testing.assert_close(answers(method.load(fresh, tmp_path / "adapter")), wanted, rtol=0, atol=1e-5)
