"""Routes for experiments: one data set, many methods or settings, one comparison."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import UserId
from app.api.schemas import ChoiceBody, ExperimentBody
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest

router = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])


@router.post("", status_code=201)
def start_experiment(user_id: UserId, body: ExperimentBody) -> dict[str, Any]:
    """Queue every candidate on the same rows, split and seed; answers with the table, still empty."""
    return experiments.read(user_id, experiments.start(user_id, _request(body)).id).as_dict()


@router.get("")
def list_experiments(user_id: UserId, project: Annotated[str, Query(max_length=100)] = "") -> dict[str, Any]:
    """The experiments of one's projects, or of one ``project``, newest first."""
    return {"experiments": [summary.as_dict() for summary in experiments.list_experiments(user_id, project)]}


@router.get("/{experiment_id}")
def read_experiment(user_id: UserId, experiment_id: str) -> dict[str, Any]:
    """The live table with intervals, ties, costs and advice."""
    return experiments.read(user_id, experiment_id).as_dict()


@router.post("/{experiment_id}/choose")
def choose_run(user_id: UserId, experiment_id: str, body: ChoiceBody) -> dict[str, Any]:
    """Record the chosen run, and star it."""
    return experiments.choose(user_id, experiment_id, body.run_id).as_dict()


@router.post("/{experiment_id}/cancel")
def cancel_experiment(user_id: UserId, experiment_id: str) -> dict[str, Any]:
    """Cancel every waiting or active run of the experiment."""
    return experiments.request_cancel(user_id, experiment_id).as_dict()


def _request(body: ExperimentBody) -> ExperimentRequest:
    renamed = {"most_runs": "max_runs", "most_minutes": "max_minutes", "stop_hopeless": "early_stopping"}
    return ExperimentRequest(**{renamed.get(name, name): value for name, value in body.model_dump().items()})
