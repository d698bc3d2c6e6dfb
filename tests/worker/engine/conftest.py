"""A tiny base model and rows for every test of the engine, and jobs that use them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from tests.forked_libraries import LibraryProcess
from tests.tiny import make_base, make_rows, make_spec
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.generation import samples

MakeJob = Callable[..., TrainingJob]


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny-base")
    return make_base(folder), folder


@pytest.fixture(scope="session")
def tiny_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-rows")
    make_rows(folder)
    return folder


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryProcess]:
    """Runs scripts in processes that have torch, transformers and peft, and nothing of this project."""
    with LibraryProcess(tmp_path_factory.mktemp("libraries")) as process:
        yield process


@pytest.fixture(autouse=True)
def short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The untrained tiny model seldom ends an answer by itself; a quarter of the tokens shows as much."""
    monkeypatch.setattr(samples, "MAX_TOKENS", 24)


@pytest.fixture(autouse=True)
def fresh_process_state() -> Iterator[None]:
    """Each run has a process of its own; accelerate keeps its settings for the life of one."""
    AcceleratorState._reset_state(reset_partial_state=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make_job(tiny_base: tuple[BaseModelCard, Path], tiny_rows: Path, tmp_path: Path) -> MakeJob:
    """Jobs with folders of their own: ``make_job(spec, resume_from=None, cache=None)``."""
    count = 0

    def make(spec: RunSpec | None = None, resume_from: Path | None = None, cache: Path | None = None) -> TrainingJob:
        nonlocal count
        count += 1
        folder = tmp_path / f"attempt-{count}"
        folder.mkdir()
        card, base_folder = tiny_base
        return TrainingJob(
            spec or make_spec(),
            card,
            base_folder,
            tiny_rows / "rows.parquet",
            tiny_rows / "splits.json",
            folder,
            cache,
            resume_from,
        )

    return make
