"""The matrix of model types: each is fetched from a hub, tuned 20 steps, saved, and answers elsewhere as in the studio.

A small sample runs with all other tests; ``make test-models`` runs every type with more methods and prints the table.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig

from app.catalog.card import BaseModelCard
from app.catalog.model_reading import read_facts
from app.errors import Rejected
from app.services.models import limited_process, model_hub
from tests.conftest import forget_settings
from tests.models.conftest import LINES
from tests.models.matrix import Bench, Line, all_methods, sample_methods, tune
from tests.models.model_types import DECODERS, ENCODER_DECODERS, ENCODERS, REFUSED, make_checkpoint
from tests.standin_hub import Hub, Repo

# Types that are not tuned by everything, each for a reason of the model's own; the table has the words.
PARTLY = {
    "funnel": "pools neighbouring tokens, so that what it answers depends on how far a row is padded",
    "squeezebert": "has convolutions in place of linear layers",
}
# An encoder with blocks that differ, a decoder with grouped heads and its own head width, a mixture of experts, an encoder-decoder.
SAMPLE = ("modernbert", "gemma3_text", "gpt_oss", "t5")


def fetched(model_type: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **saving: Any) -> BaseModelCard:
    """A tiny model of this type, by way of a hub.

    Its facts are read in this process, which has the libraries; that they come from a process of their own is tested with it.
    """
    made = make_checkpoint(model_type, folder / "published", **saving)
    limited_process.remember(made, read_facts(made))
    files = {path.name: path.read_bytes() for path in made.iterdir()}
    repo = f"tests/{model_type}"
    with Hub({repo: Repo(files)}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        forget_settings()
        card = model_hub.fetch(model_hub.plan(repo), progress=lambda done, total: None, should_stop=lambda: False)
    forget_settings()
    return card


@pytest.mark.parametrize("model_type", SAMPLE)
def test_sample_of_types_is_tuned_and_answers_elsewhere_as_here(
    bench: Bench, studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_type: str
) -> None:
    card = fetched(model_type, tmp_path, monkeypatch)
    line = Line(model_type, card.task_types)
    tune(bench, card, line, sample_methods(card))
    assert not line.failed and line.reopened == line.trained and len(line.trained) >= 1, line


@pytest.mark.models
@pytest.mark.parametrize("model_type", [*ENCODERS, *DECODERS, *ENCODER_DECODERS])
def test_every_type_is_tuned_and_answers_elsewhere_as_here(
    bench: Bench, studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_type: str
) -> None:
    line = Line(model_type)
    LINES.append(line)
    try:
        card = fetched(model_type, tmp_path, monkeypatch)
    except Exception as error:
        line.failed["fetch"] = str(error)[:300]
        raise
    line.tasks = card.task_types
    tune(bench, card, line, all_methods(card))
    if model_type in PARTLY:
        return
    assert not line.failed and {"full", "lora"} <= {name.split(" ")[0] for name in line.reopened}, line


@pytest.mark.models
@pytest.mark.parametrize("model_type", REFUSED)
def test_type_that_no_task_serves_is_refused_with_the_reason(tmp_path: Path, model_type: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(AutoConfig.for_model(model_type).to_dict()))
    with pytest.raises(Rejected) as refused:
        read_facts(tmp_path)
    LINES.append(Line(model_type, refused={"all": refused.value.message}))
    assert refused.value.code == REFUSED[model_type]
