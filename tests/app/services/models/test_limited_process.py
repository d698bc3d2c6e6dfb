"""The process that checks a model's files: ends in time and memory, and knows no secret."""

import json
from pathlib import Path

import pytest

from app.errors import Rejected
from app.services.models.limited_process import check_model_files, read_model_facts

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def test_sound_folder_passes(model: Path) -> None:
    (model / "config.json").write_text("{}")
    check_model_files(model)


def test_refusal_comes_back_as_it_was_said(model: Path) -> None:
    (model / "config.json").write_text(json.dumps({"deep": {"auto_map": {"AutoModel": "x.X"}}}))
    with pytest.raises(Rejected) as refused:
        check_model_files(model)
    assert refused.value.code == "forbidden_key" and "'auto_map'" in refused.value.message


def test_file_that_needs_more_memory_than_any_real_one_is_refused(model: Path) -> None:
    # A list of empty lists takes 60 bytes of memory for 3 of text.
    (model / "config.json").write_text("[" + "[]," * (50 * 1024**2) + "[]]")
    with pytest.raises(Rejected) as refused:
        check_model_files(model)
    assert refused.value.code == "model_file" and "more memory" in refused.value.message


def test_facts_come_from_a_process_that_built_the_model(model: Path) -> None:
    (model / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 32, "num_attention_heads": 4}))
    facts = read_model_facts(model)
    assert (facts.hidden_size, len(facts.block_order), facts.block_kinds[0].attention_shapes) == (32, 12, 4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_type": "distilbert", "max_position_embeddings": 10**8, "dim": 10**6}, "config_refused"),
        ({"model_type": "gpt_neo", "attention_types": [[["global"], 10**9]]}, "model_file"),
    ],
)
def test_configuration_that_costs_more_than_any_real_one_ends_in_words(model: Path, change: dict, code: str) -> None:
    (model / "config.json").write_text(json.dumps(change))
    with pytest.raises(Rejected) as refused:
        read_model_facts(model)
    assert refused.value.code == code
