"""What soft prompts have in common."""

import pytest
from pydantic import ValidationError
from transformers import BertConfig, BertModel

from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL

SOFT = ("prompt-tuning", "p-tuning")


@pytest.mark.parametrize("kind", SOFT)
def test_virtual_tokens_take_room_from_the_text(kind: str) -> None:
    assert make(kind, tokens=7).virtual_tokens == 7
    with pytest.raises(ValidationError):
        make(kind, tokens=0)


@pytest.mark.parametrize("kind", SOFT)
def test_configuration_names_tokens_and_task_and_a_bare_encoder_gives_features(kind: str) -> None:
    method = make(kind, tokens=7)
    config = method.prompt_config(models.make_model(CAUSAL), extra=1)
    assert config == {"task_type": "CAUSAL_LM", "num_virtual_tokens": 7, "extra": 1}
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    encoder = BertModel(BertConfig(vocab_size=9, **sizes))
    assert method.prompt_config(encoder)["task_type"] == "FEATURE_EXTRACTION"
