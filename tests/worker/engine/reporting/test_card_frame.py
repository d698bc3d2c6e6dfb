"""The frame of a model card: its head for the Hub, where the weights come from, and how a foreign tuner is loaded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from tests.tiny import make_spec
from tests.worker.engine.reporting.test_results import RUN
from worker.engine.reporting.card_frame import CardContext, model_card

CONTEXT = CardContext("text-classification", "Gives labels.", ["0.9 right"], ["run it"], ["it errs"], ["- by heart"])
RESULTS = replace(RUN, trainable_parameters=1234, total_parameters=56789, versions={"torch": "2.1", "peft": "0.21"})


@pytest.fixture
def card(tiny_base: tuple[BaseModelCard, Path]):
    return lambda spec: model_card(spec, tiny_base[0], RESULTS, CONTEXT)


def made_of(kind: str, **origin: Any) -> RunSpec:
    parents = [{"run_id": "r1", "name": "First", "weight": 0.25}, {"run_id": "r2", "name": "", "weight": 0.75}]
    parents = parents[: 2 if kind == "combined" else 1]
    return RunSpec.model_validate({**make_spec().model_dump(), "origin": {"kind": kind, "parents": parents, **origin}})


@pytest.mark.parametrize(
    ("method", "library"), [("lora", "peft"), ("full", "transformers"), ("head-only", "transformers")]
)
def test_head_names_base_licence_and_library(card, method: str, library: str) -> None:
    lines = card(make_spec({"kind": method})).splitlines()
    assert lines[:6] == [
        "---",
        "base_model: tests/tiny",
        f"library_name: {library}",
        "license: apache-2.0",
        "pipeline_tag: text-classification",
        "---",
    ]


def test_trained_weights_are_reported_by_rows_parameters_and_steps(card) -> None:
    text = card(make_spec(seed=7))
    assert "# Tiny, tuned with LoRA" in text
    assert f"42 training rows, data SHA-256 `{'0' * 64}`, seed 7" in text
    assert "1,234 of 56,789 parameters learned, 12 steps, best at step 6" in text
    assert "- CPU, fp32; torch 2.1, peft 0.21" in text
    for part in ("Gives labels.", "0.9 right", "- by heart", "run it", "it errs"):
        assert part in text


def test_weights_made_of_other_runs_name_them_with_their_weights(card) -> None:
    text = card(made_of("combined", how="ties", rank=8))
    assert "not trained: combined (ties) from First `r1`, weight 0.25, run `r2`, weight 0.75" in text
    assert "training rows" not in text
    assert "an adapter merged into its weights" in card(made_of("merged"))


def test_tuner_of_the_download_is_imported_before_the_adapter_is_loaded(card) -> None:
    assert "import bottleneck" in card(make_spec({"kind": "bottleneck-adapter"}))
    assert "import" not in card(make_spec({"kind": "lora"}))
