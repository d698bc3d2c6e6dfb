"""A tiny causal language model for the tests of text generation."""

from pathlib import Path

import pytest

from app.catalog.card import BaseModelCard
from tests.tiny_generation import make_chat_card


@pytest.fixture(scope="module")
def chat_base(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny-chat")
    return make_chat_card(folder), folder
