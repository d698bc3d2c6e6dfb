"""The race of the first three: an experiment on a slice, the same for all, that stops what falls behind."""

import pytest

from app.errors import StudioError
from app.services.datasets import datasets
from app.services.experiments import experiments, method_comparison
from app.services.runs.recommendation import recommend_method


def dataset_of(owner, folder, rows=200):
    path = folder / "rows.csv"
    path.write_text(
        "text,label\n" + "\n".join(f"letter number {at} arrived,{'no' if at % 2 else 'yes'}" for at in range(rows))
    )
    return datasets.import_file(owner, path, path.name).id


def test_the_first_three_race_on_the_same_slice(owner, any_database, tmp_path):
    dataset = dataset_of(owner, tmp_path)
    first = [each["kind"] for each in recommend_method(owner, dataset, "starter-encoder")["ranked"][:3]]
    told = experiments.read(owner, method_comparison.start(owner, dataset, "starter-encoder").id)
    assert sorted(row["method"] for row in told["rows"]) == sorted(first)
    assert told["plan"]["halving"] and told["plan"]["race"]["base_model"] == "starter-encoder"
    with pytest.raises(StudioError) as refused:
        method_comparison.start(owner, dataset, "starter-encoder", task_type="chat")
    assert refused.value.code == "race_other_task"


@pytest.mark.parametrize(("rows", "steps"), [(200, 15), (6400, 200), (640_000, 200)])
def test_a_slice_has_few_updates_and_enough_checks(rows, steps):
    from app.catalog.training import TrainingSettings
    from app.models import DatasetVersion

    version = DatasetVersion(task_type="text-classification", split_sizes={"train": rows * 8 // 10})
    told = method_comparison.slice_of(version)
    settings = TrainingSettings.model_validate(told)
    assert method_comparison.steps_of(version, told) == steps
    assert settings.epochs * settings.evaluations_per_epoch >= method_comparison.CHECKS
