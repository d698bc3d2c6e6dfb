"""Settings that change how a method is put on a model: whole runs, each with its exact size and its reload check."""

from typing import Any

import pytest
import torch

from app.catalog.base_models import STARTER_ENCODER, base_model_path
from app.catalog.methods import method_class
from tests.methods.choice import every, make
from tests.tiny import LABELS, make_spec
from worker.engine.loop.schedule import make_optimizer
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.classification.model import load_encoder

VARIANTS = [
    {"kind": "sparse", "mask": "gradient"},
    {"kind": "sparse", "mask": "magnitude"},
    {"kind": "prompt-tuning", "tokens": 6, "instruction": "please help my card"},
    {"kind": "qlora", "bits": "8"},
    {"kind": "lora", "targets": "attention", "layers": "last 1"},
    {"kind": "ia3", "targets": "feed-forward", "layers": "1-1"},
    {"kind": "trainable-tokens", "tokens": 5},
]


@pytest.mark.parametrize("settings", VARIANTS, ids=lambda settings: "-".join(map(str, settings.values()))[:40])
def test_a_variant_runs_to_its_end_and_is_as_large_as_stated(make_job, settings: dict[str, Any]) -> None:
    job = make_job(make_spec(settings, epochs=1))
    results = train(job, ListReport())
    method = method_class(settings["kind"]).model_validate(settings)
    head = (job.base.hidden_size + 1) * len(LABELS)
    assert results["trainable_parameters"] == method.trainable_parameters(job.base) + head


@pytest.mark.parametrize("kind", every(("lora-plus", "lora-fa")))
def test_every_method_is_as_large_as_stated_in_a_run(make_job, kind: str) -> None:
    method = make(kind)
    job = make_job(make_spec(method.model_dump(), epochs=1))
    results = train(job, ListReport())
    head = (job.base.hidden_size + 1) * len(LABELS)
    assert results["trainable_parameters"] == method.trainable_parameters(job.base) + head


def test_the_instruction_is_where_learning_starts(make_job) -> None:
    def first_loss(text: str) -> float:
        report = ListReport()
        train(make_job(make_spec({"kind": "prompt-tuning", "tokens": 6, "instruction": text}, epochs=1)), report)
        return report.curve("train/loss")[0][1]

    assert first_loss("please help my card") == first_loss("please help my card")
    assert first_loss("please help my card") != first_loss("late late late")


def test_the_second_matrix_of_lora_plus_learns_faster() -> None:
    method = make("lora-plus", ratio=8)
    layer = torch.nn.Module()
    layer.lora_A, layer.lora_B = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
    groups = make_optimizer(layer, make_spec().training, method.rate_factor).param_groups
    assert [(group["rate_factor"], len(group["params"])) for group in groups] == [(1.0, 1), (8, 1)]


def test_the_starter_encoders_card_is_exact() -> None:
    """Full tuning's size is the card's; the pooler that is never loaded does not count."""
    encoder = load_encoder(base_model_path(STARTER_ENCODER.name), STARTER_ENCODER)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == STARTER_ENCODER.parameters
    block = encoder.encoder.layer[0]
    assert sum(parameter.numel() for parameter in block.parameters()) == STARTER_ENCODER.block_parameters
    for settings in (
        {"kind": "ln-tuning"},
        {"kind": "ia3"},
        {"kind": "oft"},
        {"kind": "lokr"},
        {"kind": "prefix-tuning"},
    ):
        method = method_class(settings["kind"]).model_validate(settings)
        tuned = method.apply(load_encoder(base_model_path(STARTER_ENCODER.name), STARTER_ENCODER))
        learning = sum(parameter.numel() for parameter in tuned.parameters() if parameter.requires_grad)
        assert learning == method.trainable_parameters(STARTER_ENCODER), settings
