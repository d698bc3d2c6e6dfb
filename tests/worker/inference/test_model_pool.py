"""The least recently used model is dropped; what a model can do is read off its card."""

import json
from pathlib import Path

import pytest

from app import manifest, storage
from app.errors import Rejected
from tests.tiny_generation import install_chat_model
from worker.inference.model_pool import LruCache, ModelPool


def test_least_recently_used_model_is_dropped() -> None:
    cache: LruCache[str] = LruCache(2)
    loaded: list[str] = []

    def get(name: str) -> str:
        return cache.get(name, lambda: loaded.append(name) or name.upper())  # type: ignore[func-returns-value]

    assert [get(name) for name in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert loaded == ["a", "b", "c", "b"]
    assert cache.names() == ["a", "b"] and len(cache) == 2


@pytest.mark.parametrize("architectures", [["LlamaLMHeadModel"], None])
def test_decoder_answers_whatever_its_configuration_calls_its_class(
    studio_home: Path, architectures: list[str] | None
) -> None:
    """GPT-2's class is GPT2LMHeadModel, and a configuration may name none."""
    folder = storage.model_dir(name := install_chat_model())
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "architectures": architectures}), encoding="utf-8")
    manifest.write(folder)
    assert ModelPool().chat_model(name, None).tokenize([{"role": "user", "content": "One mocha"}]) is not None


def test_encoder_does_not_answer(studio_home: Path) -> None:
    with pytest.raises(Rejected) as caught:
        ModelPool().chat_model("starter-encoder", None)
    assert caught.value.code == "cannot_talk"
