"""Which rows can be cross-validated, and what a cross-validated run refuses."""

from pathlib import Path
from typing import Any

import pytest

from app import files, storage
from app.db import transaction
from app.errors import Conflict, Rejected
from app.models import SUCCEEDED, Dataset
from app.services.datasets import datasets
from app.services.datasets.imports import ImportOptions
from app.services.datasets.versions import change_splits
from app.services.profiling.split_plans import SplitPlan
from app.services.runs import checkpoints, cross_validation, runs


def rows(folder: Path, name: str = "rows.csv", number: int = 60) -> tuple[Path, str]:
    path = folder / name
    lines = [
        f"{name} letter number {n} arrived,{'no' if n % 2 else 'yes'},2026-01-{1 + n % 28:02}" for n in range(number)
    ]
    path.write_text("text,label,day\n" + "\n".join(lines))
    return path, name


@pytest.fixture
def dataset(owner: str, tmp_path: Path) -> Dataset:
    return datasets.import_file(owner, rows(tmp_path))


def submit(owner: str, dataset: Dataset, **training: Any) -> runs.Run:
    asked = runs.RunRequest(
        dataset_id=dataset.id,
        base_model="starter-encoder",
        task_type="text-classification",
        method={"kind": "lora"},
        training=training,
    )
    return runs.submit(owner, asked)


def refusal(owner: str, dataset: Dataset, folds: int = 5) -> Rejected:
    with pytest.raises(Rejected) as caught:
        submit(owner, dataset, cross_validation_folds=folds)
    return caught.value


def test_a_run_with_folds_is_queued(owner: str, dataset: Dataset) -> None:
    assert submit(owner, dataset, cross_validation_folds=5).spec["training"]["cross_validation_folds"] == 5
    assert submit(owner, dataset).spec["training"]["cross_validation_folds"] == 0


def test_one_fold_and_eleven_are_refused(owner: str, dataset: Dataset) -> None:
    assert "0 for none, or 2 to 10" in refusal(owner, dataset, 1).message
    assert refusal(owner, dataset, 11).code == "range"


def test_rows_that_cannot_be_held_out_in_turn_are_refused_with_the_reason(
    owner: str, dataset: Dataset, tmp_path: Path
) -> None:
    found = refusal(owner, datasets.import_file(owner, rows(tmp_path, "few.csv", 16)), 10)
    assert "20 different texts, and there are" in found.message
    assert "training.cross_validation_folds" in found.details["fields"]
    evaluation = ImportOptions(evaluation=rows(tmp_path, "own.csv", 20))
    own = datasets.import_file(owner, rows(tmp_path, "main.csv"), options=evaluation)
    assert "evaluation file of its own" in refusal(owner, own).message
    assert "split by time" in refusal(owner, change_splits(owner, dataset.id, SplitPlan("time", "day"))).message


def test_rows_that_were_split_before_groups_were_stored_are_split_again_first(owner: str, dataset: Dataset) -> None:
    path = storage.dataset_dir(datasets.latest_version(dataset).id) / "splits.json"
    splits = storage.read_json(path)
    del splits["kept_together"]
    path.unlink()
    files.write_json(path, splits)
    assert "Split the rows again" in refusal(owner, dataset).hint
    submit(owner, change_splits(owner, dataset.id, SplitPlan()), cross_validation_folds=5)


def test_tasks_that_write_have_no_folds(owner: str, dataset: Dataset) -> None:
    version = datasets.latest_version(dataset)
    with pytest.raises(Rejected, match="has no cross-validation"):
        cross_validation.check(version, 5, "chat")
    cross_validation.check(version, 0, "chat")


def test_a_cross_validated_run_is_not_trained_further(owner: str, dataset: Dataset) -> None:
    run = submit(owner, dataset, cross_validation_folds=5)
    with transaction() as session:
        runs.find(session, owner, run.id).job.state = SUCCEEDED
    for go_on in (
        lambda: runs.continue_training(owner, run.id, 1.0),
        lambda: checkpoints.continue_from(owner, run.id, 10),
    ):
        with pytest.raises(Conflict) as caught:
            go_on()
        assert caught.value.code == "cross_validated"
