"""MLflow: a run on a tracking server, or a database file that its own interface opens."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from app.catalog.trackers.base import TrackedRun, Tracker

# What one request may carry, from MLflow's REST documentation of `runs/log-batch`.
MAX_METRICS, MAX_PARAMETERS, MAX_PARAMETER_LENGTH = 1000, 100, 6000


class MLflow(Tracker):
    """Written by MLflow's own client."""

    name: ClassVar = "mlflow"
    title: ClassVar = "MLflow"
    package: ClassVar = "mlflow"
    summary: ClassVar = (
        "A run with parameters and metrics; on your tracking server where MLFLOW_TRACKING_URI is set for the workers."
    )
    after: ClassVar = "Unpack it and run: mlflow ui --backend-store-uri sqlite:///mlflow.db"
    environment: ClassVar = (
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_USERNAME",
        "MLFLOW_TRACKING_PASSWORD",
    )

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        """One run in the experiment that is named like the project."""
        from mlflow.entities import Metric, Param
        from mlflow.tracking import MlflowClient

        server = environment.get("MLFLOW_TRACKING_URI", "")
        client = MlflowClient(tracking_uri=server or f"sqlite:///{folder / 'mlflow.db'}")
        known = client.get_experiment_by_name(run.project)
        experiment = known.experiment_id if known else client.create_experiment(run.project)
        made = client.create_run(
            experiment, start_time=round(1000 * run.started_at), run_name=run.name, tags={"studio.run_id": run.id}
        )
        parameters = [Param(key, str(value)[:MAX_PARAMETER_LENGTH]) for key, value in run.settings.items()]
        last = max((step for _, step, _, _ in run.points), default=0)
        results = [(f"test/{key}", last, value, run.ended_at) for key, value in run.results.items()]
        metrics = [Metric(key, value, round(1000 * at), step) for key, step, value, at in [*run.points, *results]]
        for part in _parts(parameters, MAX_PARAMETERS):
            client.log_batch(made.info.run_id, params=part)
        for part in _parts(metrics, MAX_METRICS):
            client.log_batch(made.info.run_id, metrics=part)
        status = "FINISHED" if run.succeeded else "FAILED"
        client.set_terminated(made.info.run_id, status, end_time=round(1000 * run.ended_at))
        return f"{server.rstrip('/')}/#/experiments/{experiment}/runs/{made.info.run_id}" if server else ""


def _parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
