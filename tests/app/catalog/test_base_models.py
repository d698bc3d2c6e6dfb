"""The base models that there are, and the check of their files."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.catalog import base_models as catalog
from app.catalog.base_models import (
    BASE_MODELS,
    STARTER_CHAT,
    STARTER_ENCODER,
    base_model,
    base_model_path,
    base_models,
    recommended_base_model,
)
from app.errors import Conflict, Rejected
from tests.tiny_generation import install_chat_model


def test_fetched_models_stand_after_those_of_the_studio(studio_home: Path) -> None:
    assert base_models() == BASE_MODELS
    name = install_chat_model()
    assert [card.name for card in base_models()] == ["starter-encoder", "starter-chat", name]
    assert base_model(name).hub_id == "tests/tiny-chat"
    assert (base_model_path(name) / "model.safetensors").is_file()


def test_unknown_model_is_refused_with_the_known_ones(studio_home: Path) -> None:
    with pytest.raises(Rejected) as caught:
        base_model("gpt-9")
    assert caught.value.code == "unknown_base_model"
    assert all(card.name in caught.value.hint for card in BASE_MODELS)


def test_recommendation_is_the_first_that_serves_the_task_and_says_why(studio_home: Path) -> None:
    assert recommended_base_model("text-classification").name == "starter-encoder"
    assert "only installed" in recommended_base_model("chat").reason
    assert recommended_base_model("poetry") is None
    install_chat_model()
    assert recommended_base_model("chat").name == "starter-chat"
    assert "only" not in recommended_base_model("chat").reason


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"weights_sha256": "0" * 64}, "model_damaged", "not the published 0000"),
        ({"package": "no_such_package"}, "model_not_installed", "no_such_package"),
    ],
)
def test_missing_or_changed_files_are_refused(
    studio_home: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], code: str, words: str
) -> None:
    monkeypatch.setattr(catalog, "BASE_MODELS", (replace(STARTER_CHAT, **change),))
    base_model_path.cache_clear()
    with pytest.raises(Conflict, match=words) as caught:
        base_model_path("starter-chat")
    assert caught.value.code == code
    base_model_path.cache_clear()


def test_cards_of_the_studio_fit_together() -> None:
    for card in (STARTER_ENCODER, STARTER_CHAT):
        outside = card.parameters - card.layers * card.block_parameters - card.outer_norm_parameters
        # What is left are embeddings: whole rows of the width.
        assert outside > 0 and outside % card.hidden_size == 0
        assert sum(a * b for a, b in card.linear_shapes) < card.block_parameters
