"""The stored plan of an experiment: what was asked for, and how far an adaptive search has come."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.models import Experiment


class TrialSettings(BaseModel):
    """The method of a run, by its index in the plan's list, and the settings that were varied in it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    method_index: int = Field(alias="choice")
    settings: dict[str, Any]


class MethodComparisonPlan(BaseModel):
    """What a comparison of methods on part of the data was limited to: optimiser steps of a run, and its base model."""

    model_config = ConfigDict(frozen=True)

    steps: int
    base_model: str


class ExperimentPlan(BaseModel):
    """The JSON of ``Experiment.plan``; only what was set is written.

    Attributes:
        methods: ``{"kind", settings}`` of each method.
        vary: setting to its values or range, as :func:`candidates.make_candidates` takes it.
        max_runs: budget of the search in runs.
        max_minutes: of training, after which waiting runs are taken out of the queue.
        early_stopping: stop a run halfway that is clearly worse than the best finished run.
        halving: successive halving.
        first_run: the finished run that the experiment began from.
        stopped: run id -> why it was stopped.
        growing: an adaptive search may still add runs.
        trials: run id -> its method and varied settings.
        note: why a search ended.
        method_comparison: set for a comparison of the recommended methods.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    methods: list[dict[str, Any]] = Field(default_factory=list)
    vary: dict[str, Any] = Field(default_factory=dict)
    search: str = "grid"
    max_runs: int = Field(12, alias="most_runs")
    max_minutes: float | None = Field(None, alias="most_minutes")
    early_stopping: bool = Field(False, alias="stop_hopeless")
    halving: bool = False
    first_run: str | None = None
    stopped: dict[str, str] = Field(default_factory=dict)
    base_model: str = ""
    training: dict[str, Any] = Field(default_factory=dict)
    growing: bool = False
    trials: dict[str, TrialSettings] = Field(default_factory=dict, alias="tried")
    note: str | None = None
    method_comparison: MethodComparisonPlan | None = Field(None, alias="race")

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @property
    def needs_scheduling(self) -> bool:
        """Whether the experiment scheduler has something to do while its runs work."""
        return bool(self.max_minutes or self.early_stopping or self.halving or self.growing)


def plan_of(experiment: Experiment) -> ExperimentPlan:
    """The plan of an experiment."""
    return ExperimentPlan.model_validate(experiment.plan)


def update_plan(experiment: Experiment, changes: Mapping[str, Any]) -> ExperimentPlan:
    """Change the stored plan by attribute name; returns the new plan."""
    plan = plan_of(experiment).model_copy(update=dict(changes))
    # A new mapping: SQLAlchemy does not notice changes inside a JSON column.
    experiment.plan = plan.as_dict()
    return plan
