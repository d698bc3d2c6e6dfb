"""Tagged rows, and the starter encoder's tokenizer, which cuts long words into several tokens."""

from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from app.catalog.base_models import base_model_path
from app.catalog.card import BaseModelCard
from tests.tiny_tokens import LABELS, make_rows
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.token_classification.data import tag_names
from worker.engine.tasks.token_classification.model import Tagger, load_tagger


@pytest.fixture(scope="module")
def tiny_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged-rows")
    make_rows(folder)
    return folder


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return load_tokenizer(base_model_path("starter-encoder"))


@pytest.fixture
def tagger(tiny_base: tuple[BaseModelCard, Path]) -> Tagger:
    torch.manual_seed(0)
    return load_tagger(tiny_base[1], tag_names(LABELS)).eval()


@pytest.fixture
def evaluation() -> EvaluationLoop:
    return EvaluationLoop(Accelerator(cpu=True), ListReport(), 0)
