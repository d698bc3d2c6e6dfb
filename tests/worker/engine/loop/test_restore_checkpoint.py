"""A checkpoint in the form of a download: exactly the model that the run had at that step."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from app import manifest
from app.errors import StudioError
from tests.tiny import make_spec
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec
from worker.engine.loop.restore_checkpoint import restore
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.predict import Predictor

# All weights, before the text; starting from the data and from the weights themselves.
KINDS = ["full", "prefix-tuning", pytest.param("eva", marks=pytest.mark.methods), "pissa"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TrainingJob]:
    base, rows = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("rows")
    card = make_chat_card(base)
    make_chat_rows(rows)

    def job(spec: Any, resume_from: Path | None = None) -> TrainingJob:
        folder = tmp_path_factory.mktemp("attempt")
        return TrainingJob(
            spec, card, base, rows / "rows.parquet", rows / "splits.json", folder, resume_from=resume_from
        )

    return job


def weights(folder: Path) -> dict[str, Any]:
    (path,) = (folder / "adapter").glob("*.safetensors")
    return load_file(path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_checkpoint_restored_is_the_runs_own_result(place: Callable[..., TrainingJob], kind: str) -> None:
    spec = make_chat_spec({"kind": kind}, epochs=2, evaluations_per_epoch=1)
    run = place(spec)
    results = train(run, ListReport())
    best = run.folder / "checkpoints" / f"step-{results['best_step']}"
    again = place(spec, resume_from=best)
    restore(again, ListReport())
    assert manifest.holds(again.folder / "adapter")
    assert not (again.folder / "adapter" / "README.md").exists()  # a card tells results, and there are none
    there, here = weights(run.folder), weights(again.folder)
    assert there.keys() == here.keys()
    assert all(there[name].equal(here[name]) for name in there)


def test_restored_classifier_labels_as_the_run_itself(make_job: Callable[..., TrainingJob]) -> None:
    run = make_job(make_spec(epochs=2, evaluations_per_epoch=1))
    results = train(run, ListReport())
    again = make_job(run.spec, resume_from=run.folder / "checkpoints" / f"step-{results['best_step']}")
    restore(again, ListReport())
    texts = ["open the stolen card", "a late transfer"]
    own, restored = (Predictor(job.folder / "adapter", job.base_folder, job.base) for job in (run, again))
    assert restored.labels == own.labels and restored.logits(texts).equal(own.logits(texts))


def test_a_damaged_checkpoint_is_refused(place: Callable[..., TrainingJob]) -> None:
    run = place(make_chat_spec(epochs=1))
    train(run, ListReport())
    checkpoint = next((run.folder / "checkpoints").iterdir())
    (checkpoint / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(StudioError, match="incomplete or has changed") as refused:
        restore(dataclasses.replace(run, resume_from=checkpoint), ListReport())
    assert refused.value.code == "checkpoint_damaged"
