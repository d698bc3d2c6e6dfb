"""One tiny run that compares two texts, for all tests of this task."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.card import BaseModelCard
from tests.tiny import make_spec
from tests.tiny_targets import PAIRS, make_pairs
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob


@pytest.fixture(scope="session")
def pairs_job(
    tiny_base: tuple[BaseModelCard, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., TrainingJob]:
    """Jobs on the same rows with folders of their own."""
    rows, (card, base) = tmp_path_factory.mktemp("pairs"), tiny_base
    make_pairs(rows)

    def make(cache: Path | None = None, method: dict | None = None) -> TrainingJob:
        folder = tmp_path_factory.mktemp("pairs-job")
        spec = make_spec(method, task=PAIRS, epochs=1)
        return TrainingJob(spec, card, base, rows / "rows.parquet", rows / "splits.json", folder, None, cache)

    return make


@pytest.fixture(scope="session")
def trained_pairs(pairs_job: Callable[..., TrainingJob]) -> tuple[TrainingJob, dict]:
    """A finished run and its results."""
    job = pairs_job()
    return job, train(job, ListReport())
