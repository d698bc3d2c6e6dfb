"""A tiny causal language model for the tests of text generation."""

from collections.abc import Callable
from pathlib import Path

import pytest
from accelerate import Accelerator

from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import open_masker
from app.catalog.task_types.generative import Example
from tests.tiny_generation import make_chat_card
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.generation.data import TokenizedExample, tokenize_and_mask
from worker.engine.tasks.generation.model import CausalLM, load_decoder


@pytest.fixture(scope="module")
def chat_base(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny-chat")
    return make_chat_card(folder), folder


@pytest.fixture
def model(chat_base: tuple[BaseModelCard, Path]) -> CausalLM:
    card, base = chat_base
    return CausalLM(load_decoder(base, card)).eval()


@pytest.fixture(scope="module")
def examples_of(chat_base: tuple[BaseModelCard, Path]) -> Callable[..., list[TokenizedExample]]:
    """Examples as tokens, of which up to 96 are read."""
    masker = open_masker(chat_base[1])
    return lambda *talks: (
        tokenize_and_mask(list[tuple[int, Example]](enumerate(talks)), masker, 96, ListReport()).examples
    )


@pytest.fixture
def evaluation() -> EvaluationLoop:
    return EvaluationLoop(Accelerator(cpu=True), ListReport(), 0)
