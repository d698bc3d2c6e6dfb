"""Every method trains, saves and loads encoders whose head gives several labels or numbers, or one label to two texts, through the engine itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from app.catalog.methods import method_class
from app.catalog.methods.capabilities import SEQUENCES
from tests.methods.choice import KINDS, make
from tests.tiny import make_spec
from tests.tiny_targets import PAIRS as COMPARED
from tests.tiny_targets import SCORED, SETS, make_numbers, make_pairs, make_sets
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

TASKS: dict[str, tuple[dict[str, Any], Callable[[Path, int], None]]] = {
    "several-labels": (SETS, make_sets),
    "numbers": (SCORED, make_numbers),
    "two-texts": (COMPARED, make_pairs),
}
PAIRS = [
    pytest.param(kind, task, marks=pytest.mark.methods)
    for kind in KINDS
    if SEQUENCES in method_class(kind).capabilities.models
    for task in TASKS
]


@pytest.mark.parametrize(("kind", "task"), PAIRS)
def test_head_learns_and_its_download_answers_alike(
    tiny_base: tuple[BaseModelCard, Path], tmp_path: Path, kind: str, task: str
) -> None:
    (spec, make_rows), (card, base) = TASKS[task], tiny_base
    rows, folder = tmp_path / "rows", tmp_path / "job"
    for path in (rows, folder):
        path.mkdir()
    make_rows(rows, 8)
    chosen = make_spec(make(kind).model_dump(), task=spec, epochs=1, learning_rate=1e-3)
    report = ListReport()
    # The run ends with the check that the download, loaded afresh, answers as the model in memory does.
    results = train(
        TrainingJob(chosen, card, base, rows / "rows.parquet", rows / "splits.json", folder, None, None), report
    )
    assert results["trainable_parameters"] > 0 and results["total_steps"] > 0
    assert {"mean", "linear_probe"} <= set(results["baseline"]) or {"majority", "linear_probe"} <= set(
        results["baseline"]
    )
    assert (folder / "adapter" / "head.safetensors").exists()
