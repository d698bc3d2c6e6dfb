"""A comparison of the recommended methods on part of the data: an experiment with successive halving."""

import math
from collections.abc import Sequence
from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import TrainingSettings
from app.db import transaction
from app.errors import Rejected
from app.languages import gettext as _
from app.models import DatasetVersion, Experiment
from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest
from app.services.experiments.plans import MethodComparisonPlan, update_plan
from app.services.runs.recommendation import recommend_method

MAX_METHODS = 3
# Optimiser steps of one run, and checks on the validation rows, after each of which a run may be stopped.
MAX_STEPS, CHECKS = 200, 5


def start(
    user_id: str, dataset_id: str, base_model: str, *, task_type: str | None = None, wishes: Sequence[str] = ()
) -> Experiment:
    """Queue the first three recommended methods on the same part of the newest version.

    Raises:
        NotFound: the dataset does not exist or is somebody else's.
        Rejected: an unknown model, task or wish; another task than the dataset has; fewer than two methods serve it.
    """
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    if task_type and task_type != version.task_type:
        raise Rejected(
            "race_other_task",
            _(
                "The dataset is set up for {task_type}, and methods for {task_type_2} were to be compared.",
                task_type=repr(version.task_type),
                task_type_2=repr(task_type),
            ),
            _("Change the goal on the page of the dataset, then compare."),
        )
    ranked = recommend_method(user_id, dataset_id, base_model, task_type=task_type, wishes=wishes)["ranked"]
    methods = ranked[:MAX_METHODS]
    training = short_training(version)
    request = ExperimentRequest(
        dataset_id=dataset_id,
        base_model=base_model,
        methods=[{"kind": method["kind"], **method["settings"]} for method in methods],
        training=training,
        halving=True,
        max_runs=MAX_METHODS,
        name="Method comparison: " + ", ".join(method["title"] for method in methods),
    )
    started = experiments.start(user_id, request)
    comparison = MethodComparisonPlan(steps=count_steps(version, training), base_model=base_model)
    with transaction() as session:
        update_plan(session.get_one(Experiment, started.id), {"method_comparison": comparison})
    return started


def short_training(version: DatasetVersion) -> dict[str, Any]:
    """Training settings with the default epochs or a part of one, up to the maximum of steps, with some checks."""
    settings = _default_settings(version)
    epochs = min(settings.epochs, MAX_STEPS / _steps_per_epoch(version, settings))
    return {"epochs": round(epochs, 4), "evaluations_per_epoch": max(1, math.ceil(CHECKS / epochs))}


def count_steps(version: DatasetVersion, training: dict[str, Any]) -> int:
    """Optimiser steps of one run with these settings."""
    epochs: float = training["epochs"]
    return max(1, round(epochs * _steps_per_epoch(version, _default_settings(version))))


def _default_settings(version: DatasetVersion) -> TrainingSettings:
    return TrainingSettings.model_validate(dict(find_task_type(version.task_type).training_defaults))


def _steps_per_epoch(version: DatasetVersion, settings: TrainingSettings) -> int:
    rows: int = version.split_sizes["train"]
    return math.ceil(rows / settings.batch_size)
