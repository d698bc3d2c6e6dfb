"""Configurations that no model can have, and facts that pass through JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.model_facts import check_config, facts_from
from app.catalog.model_reading import read_facts
from app.errors import Rejected


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"model_type": "llama", "auto_map": {"AutoModel": "x.X"}}, "needs_own_code", "program code"),
        ({}, "unknown_family", "type"),
        ({"model_type": "t5", "d_model": "64"}, "config_value", "d_model"),
        ({"model_type": "gpt2", "n_layer": 0}, "config_value", "n_layer = 0; a whole number from 1 "),
        ({"model_type": "mixtral", "num_local_experts": -1}, "config_value", "a whole number from 0 to 10,000"),
        ({"model_type": "gemma3", "text_config": {"hidden_size": 10**400}}, "config_value", "without end"),
        ({"model_type": "funnel", "block_sizes": [2, 10**13]}, "config_value", "1,000,000,000,000"),
    ],
)
def test_impossible_configuration_is_refused_with_its_reason(config: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_config(config)
    assert caught.value.code == code and words in caught.value.message


def test_sizes_of_real_models_are_possible() -> None:
    check_config(
        {"model_type": "llama", "rope_theta": 5e8, "max_position_embeddings": 10_485_760, "eos_token_id": [1, 2]}
    )
    check_config({"model_type": "bert", "id2label": {"0": "LABEL_0"}, "head_dim": None, "pad_token_id": -1})
    # As dense members of families with mixtures of experts state it.
    check_config({"model_type": "granitemoehybrid", "num_local_experts": 0, "num_experts_per_tok": 0})


def test_facts_survive_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3_text", "num_hidden_layers": 2}))
    facts = read_facts(tmp_path)
    assert facts_from(json.loads(json.dumps(facts.as_dict()))) == facts
