"""The comparison of the recommended methods: an experiment with successive halving on part of the data."""

from pathlib import Path

import pytest

from app.catalog.training import TrainingSettings
from app.errors import StudioError
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.experiments import experiments, method_comparison
from app.services.runs.recommendation import recommend_method


def dataset_of(owner: str, folder: Path, rows: int = 200) -> str:
    path = folder / "rows.csv"
    path.write_text(
        "text,label\n"
        + "\n".join(f"letter number {number} arrived,{'no' if number % 2 else 'yes'}" for number in range(rows))
    )
    return datasets.import_file(owner, (path, path.name)).id


def test_first_three_methods_are_compared_on_part_of_the_data(owner: str, any_database: str, tmp_path: Path) -> None:
    dataset = dataset_of(owner, tmp_path)
    first = [method["kind"] for method in recommend_method(owner, dataset, "starter-encoder")["ranked"][:3]]
    report = experiments.read(owner, method_comparison.start(owner, dataset, "starter-encoder").id)
    assert sorted(row.method for row in report.table.rows) == sorted(first)
    plan = report.as_dict()["plan"]
    assert plan["halving"] and plan["race"]["base_model"] == "starter-encoder" and plan["race"]["steps"] > 0
    with pytest.raises(StudioError) as refused:
        method_comparison.start(owner, dataset, "starter-encoder", task_type="chat")
    assert refused.value.code == "race_other_task"


@pytest.mark.parametrize(("rows", "steps"), [(200, 15), (6400, 200), (640_000, 200)])
def test_short_training_has_few_steps_and_enough_checks(rows: int, steps: int) -> None:
    version = DatasetVersion(task_type="text-classification", split_sizes={"train": rows * 8 // 10})
    training = method_comparison.short_training(version)
    settings = TrainingSettings.model_validate(training)
    assert method_comparison.count_steps(version, training) == steps
    assert settings.epochs * settings.evaluations_per_epoch >= method_comparison.CHECKS
