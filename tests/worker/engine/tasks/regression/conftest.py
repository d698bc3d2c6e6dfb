"""One tiny run with two numbers for each text, for all tests of this task."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.card import BaseModelCard
from tests.tiny import make_spec
from tests.tiny_targets import SCORED, make_numbers
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob


@pytest.fixture(scope="session")
def numbers_job(
    tiny_base: tuple[BaseModelCard, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], TrainingJob]:
    """Jobs on the same rows with folders of their own."""
    rows, (card, base) = tmp_path_factory.mktemp("numbers"), tiny_base
    make_numbers(rows)

    def make() -> TrainingJob:
        folder = tmp_path_factory.mktemp("numbers-job")
        spec = make_spec(task=SCORED, epochs=1)
        return TrainingJob(spec, card, base, rows / "rows.parquet", rows / "splits.json", folder, None, None)

    return make


@pytest.fixture(scope="session")
def trained_numbers(numbers_job: Callable[[], TrainingJob]) -> tuple[TrainingJob, dict]:
    """A finished run and its results."""
    job = numbers_job()
    return job, train(job, ListReport())
