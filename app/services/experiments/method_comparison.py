"""The first methods of the recommendation against each other on a slice of the data: an experiment with successive halving.

What the experiment does, shows and keeps is the experiments' own; here it is only put together.
"""

import math
from collections.abc import Sequence
from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import TrainingSettings
from app.db import transaction
from app.errors import Rejected
from app.models import DatasetVersion, Experiment
from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.runs.recommendation import recommend_method

RACERS = 3
# Updates of one run in the race; and checks on the validation rows, after each of which the slower ones may be stopped.
MOST_STEPS, CHECKS = 200, 5


def start(
    user_id: str, dataset_id: str, base_model: str, *, task_type: str | None = None, wishes: Sequence[str] = ()
) -> Experiment:
    """Queue the first three methods of the recommendation on the same slice of the newest version.

    Raises:
        NotFound: the dataset does not exist or is somebody else's.
        Rejected: an unknown model, task or wish; another goal than the data set has; fewer than two methods serve it.
    """
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    if task_type and task_type != version.task_type:
        raise Rejected(
            "race_other_task",
            f"The data set is set up for {version.task_type!r}, and the race was asked for {task_type!r}.",
            "Change the goal on the page of the data set, then race.",
        )
    ranked = recommend_method(user_id, dataset_id, base_model, task_type=task_type, wishes=wishes)["ranked"]
    racers = ranked[:RACERS]
    training = slice_of(version)
    started = experiments.start(
        user_id,
        dataset_id=dataset_id,
        base_model=base_model,
        methods=[{"kind": each["kind"], **each["settings"]} for each in racers],
        training=training,
        halving=True,
        most_runs=RACERS,
        name="Race: " + ", ".join(each["title"] for each in racers),
    )
    with transaction() as session:
        found = session.get_one(Experiment, started.id)
        found.plan = {**found.plan, "race": {"steps": steps_of(version, training), "base_model": base_model}}
    return started


def slice_of(version: DatasetVersion) -> dict[str, Any]:
    """Training settings of a race: as many passes as usual or a part of one, up to the most updates, with some checks."""
    settings = _usual(version)
    whole = _steps_per_pass(version, settings)
    passes = min(settings.epochs, MOST_STEPS / whole)
    return {"epochs": round(passes, 4), "evaluations_per_epoch": max(1, math.ceil(CHECKS / passes))}


def steps_of(version: DatasetVersion, training: dict[str, Any]) -> int:
    """Updates of one run with these settings."""
    return max(1, round(training["epochs"] * _steps_per_pass(version, _usual(version))))


def _usual(version: DatasetVersion) -> TrainingSettings:
    return TrainingSettings.model_validate(dict(find_task_type(version.task_type).training_defaults))


def _steps_per_pass(version: DatasetVersion, settings: TrainingSettings) -> int:
    return math.ceil(version.split_sizes["train"] / settings.batch_size)
