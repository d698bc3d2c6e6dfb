"""The tiny encoder with a head, its tokenizer, and one short run whose download several tests read."""

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from app.catalog.card import BaseModelCard
from tests.tiny import LABELS, make_spec
from worker.engine.loop.train import train
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head
from worker.engine.tasks.evaluation import EvaluationLoop


@pytest.fixture
def classifier(tiny_base: tuple[BaseModelCard, Path]) -> PooledClassifier:
    card, folder = tiny_base
    torch.manual_seed(0)
    return PooledClassifier(load_encoder(folder, card), make_head(32, len(LABELS)), card).eval()


@pytest.fixture
def tokenizer(tiny_base: tuple[BaseModelCard, Path]):
    return load_tokenizer(tiny_base[1])


@pytest.fixture
def evaluation() -> EvaluationLoop:
    return EvaluationLoop(Accelerator(cpu=True), ListReport(), 0)


@pytest.fixture(scope="module")
def finished_job(
    tiny_base: tuple[BaseModelCard, Path], tiny_rows: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainingJob:
    """A run of a few updates that has ended."""
    card, base = tiny_base
    folder = tmp_path_factory.mktemp("finished")
    spec = make_spec({"kind": "lora", "rank": 4}, epochs=2, learning_rate=5e-3)
    job = TrainingJob(spec, card, base, tiny_rows / "rows.parquet", tiny_rows / "splits.json", folder)
    train(job, ListReport())
    return job
