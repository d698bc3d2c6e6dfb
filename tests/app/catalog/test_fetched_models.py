"""Cards of fetched models: what is read from their files, and when a folder counts as damaged."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from app import manifest, storage
from app.catalog import fetched_models
from app.catalog.fetched_models import (
    card_in,
    fetched_cards,
    fetched_cards_by_name,
    fetched_path,
    model_name,
    write_card,
)
from app.catalog.model_reading import read_facts
from app.catalog.task_types import TASK_TYPES, kinds_of
from app.errors import Conflict
from tests.tiny_generation import install_chat_model

COMMIT = "0123456789abcdef" * 2 + "01234567"
BERT = {
    "model_type": "bert",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 10,
    "pad_token_id": 0,
    "max_position_embeddings": 64,
}


def write_encoder(folder: Path, **files: Any) -> None:
    folder.mkdir(parents=True)
    for name, content in {"tokenizer_config.json": {}, **files}.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5), "c": torch.tensor(1.0)}, folder / "one.safetensors")
    save_file({"d": torch.zeros(2, 2)}, folder / "two.safetensors")


def describe(folder: Path, config: dict[str, Any] = BERT) -> Any:
    (folder / "config.json").write_text(json.dumps(config))
    weights, facts = {"one.safetensors": "1" * 64, "two.safetensors": "2" * 64}, read_facts(folder)
    return write_card(folder, repo="tests/some-model", commit=COMMIT, licence="mit", facts=facts, weights=weights)


def test_card_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_encoder(folder := tmp_path / "model")
    card = describe(folder)
    assert card_in(folder) == card
    assert (card.name, card.title) == (f"tests/some-model@{COMMIT[:8]}", "some-model")
    # Embeddings (10 words, 64 positions, 2 types), their norm; attention, feed-forward part and norms of the one block.
    assert card.parameters == (10 + 64 + 2) * 8 + 16 + 4 * (64 + 8) + (8 * 16 + 16) + (16 * 8 + 8) + 2 * 16
    assert card.weights_sha256 == "1" * 64
    assert card.task_types == kinds_of("classification", "tokens")
    assert (card.pooling, card.normalize) == ("mean", False)


def test_pooling_is_read_from_the_files_of_sentence_transformers(tmp_path: Path) -> None:
    modules = [{"type": "sentence_transformers.models.Normalize"}]
    files = {"modules.json": modules, "1_Pooling__config.json": {"pooling_mode_cls_token": True}}
    write_encoder(folder := tmp_path / "model", **files)
    card = describe(folder)
    assert (card.pooling, card.normalize) == ("first", True)


@pytest.mark.parametrize(
    ("settings", "words"), [({}, "continues texts"), ({"chat_template": "{{ messages }}"}, "answers in a chat")]
)
def test_decoder_is_distinguished_by_its_chat_template(tmp_path: Path, settings: dict, words: str) -> None:
    write_encoder(folder := tmp_path / "model", **{"tokenizer_config.json": settings})
    card = describe(folder, {**BERT, "model_type": "llama", "num_attention_heads": 1})
    assert words in card.summary and set(card.task_types) == {task.kind for task in TASK_TYPES}
    assert (card.pooling, card.kinds) == ("last", ("causal", "sequence-classification", "token-classification"))


def test_unfinished_and_cardless_folders_are_not_listed(studio_home: Path) -> None:
    name = install_chat_model()
    for other in (".half", "bare"):
        (storage.models_dir() / other).mkdir()
    (storage.models_dir() / ".half" / fetched_models.CARD).write_text("{}")
    assert [card.name for card in fetched_cards()] == [name] == list(fetched_cards_by_name())
    assert card_in(storage.models_dir() / "bare") is None


def test_changed_card_is_read_anew(studio_home: Path) -> None:
    path = storage.model_dir(install_chat_model()) / fetched_models.CARD
    (before,) = fetched_cards()
    path.write_text(json.dumps({**json.loads(path.read_text()), "title": "Renamed"}))
    os.utime(path, ns=(1, 1))
    assert before.title == "tiny-chat" and fetched_cards()[0].title == "Renamed"


def test_card_of_an_earlier_version_serves_tasks_that_came_later(tmp_path: Path) -> None:
    write_encoder(folder := tmp_path / "model")
    describe(folder)
    path = folder / fetched_models.CARD
    path.write_text(json.dumps({**json.loads(path.read_text()), "kinds": [], "task_types": ["text-classification"]}))
    os.utime(path, ns=(1, 1))
    card = card_in(folder)
    assert card and card.task_types == kinds_of("classification")
    assert "multi-label-classification" in card.task_types


@pytest.mark.parametrize("damage", ["shorter", "missing"])
def test_file_of_another_size_is_refused_by_name(studio_home: Path, damage: str) -> None:
    name = install_chat_model()
    card, folder = fetched_cards_by_name()[name], storage.model_dir(name)
    assert fetched_path(card) == folder and manifest.holds(folder)
    path = folder / "config.json"
    path.unlink() if damage == "missing" else path.write_text("{}")
    with pytest.raises(Conflict, match=r"'config\.json'") as caught:
        fetched_path(card)
    assert caught.value.code == "model_damaged"


def test_name_tells_versions_apart() -> None:
    assert model_name("a/b", "12345678") == model_name("a/b", "123456789") != model_name("a/b", "123456700")
