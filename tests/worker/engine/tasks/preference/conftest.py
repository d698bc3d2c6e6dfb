"""The tiny chat model with preferences about drinks: polite answers are better than rude ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from tests.tiny import write_rows
from tests.tiny_generation import DRINKS, make_chat_card, make_chat_spec
from tests.worker.engine.tasks.generation.conftest import evaluation, examples_of, model
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

__all__ = ["evaluation", "examples_of", "model"]
PAIRS = {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}
MARKS = {"prompt": "prompt", "chosen": "chosen", "mark": "mark"}
MakeJob = Callable[..., TrainingJob]


def preference_spec(method: dict[str, Any] | None = None, *, marks: bool = False, **training: Any) -> RunSpec:
    """A spec for the pairs, or for the same answers with a mark each."""
    return make_chat_spec(method, task_type="preference", columns=MARKS if marks else PAIRS, **training)


def cells(count: int = 60) -> dict[str, list[str]]:
    """Columns of pairs, and a mark of the answer in ``chosen``, which is rude in every second row of ``marked``."""
    drinks = [DRINKS[number % len(DRINKS)] for number in range(count)]
    return {
        "prompt": [json.dumps([{"role": "user", "content": f"{drink} {n}"}]) for n, drink in enumerate(drinks)],
        "chosen": [f"A {drink}, sir" for drink in drinks],
        "rejected": [f"No {drink}" for drink in drinks],
    }


@pytest.fixture(scope="session")
def chat_base(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny-chat")
    return make_chat_card(folder), folder


@pytest.fixture(scope="session")
def preference_job(chat_base: tuple[BaseModelCard, Path], tmp_path_factory: pytest.TempPathFactory) -> MakeJob:
    """Jobs on the same rows with folders of their own."""
    pairs, marks = tmp_path_factory.mktemp("pairs"), tmp_path_factory.mktemp("marks")
    made = cells()
    write_rows(pairs, made)
    write_rows(
        marks,
        {
            "prompt": made["prompt"],
            "chosen": [made["chosen" if n % 2 else "rejected"][n] for n in range(len(made["prompt"]))],
            "mark": [str(n % 2 == 1).lower() for n in range(len(made["prompt"]))],
        },
    )

    def make(spec: RunSpec | None = None, **more: Any) -> TrainingJob:
        spec = spec or preference_spec(epochs=2)
        rows = marks if "mark" in spec.columns else pairs
        card, base = chat_base
        folder = tmp_path_factory.mktemp("preference-job")
        return TrainingJob(spec, card, base, rows / "rows.parquet", rows / "splits.json", folder, **more)

    return make


@pytest.fixture(scope="session")
def trained(preference_job: MakeJob) -> tuple[TrainingJob, dict[str, Any], ListReport]:
    """A finished run of DPO with its results and report."""
    job, report = preference_job(), ListReport()
    return job, train(job, report), report
