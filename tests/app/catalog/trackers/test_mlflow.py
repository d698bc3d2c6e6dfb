"""MLflow's database, read back with its own client."""

from pathlib import Path

from app.catalog.trackers import mlflow
from tests.app.catalog.trackers.exported import written


def test_mlflow_export_holds_parameters_metrics_and_times(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    _, files = written(tmp_path, "mlflow")
    client = MlflowClient(tracking_uri=f"sqlite:///{files / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("Support: letters")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status, run.info.end_time) == ("Letters · LoRA", "FINISHED", 1_700_000_060_000)
    assert run.data.params["method.rank"] == "8" and run.data.params["training.layers"] == "None"
    history = client.get_metric_history(run.info.run_id, "eval/accuracy")
    assert len(history) == 1049 and {point.step: point.value for point in history}[4] == 0.25


def test_unreachable_tracker_is_named_in_the_error(tmp_path: Path) -> None:
    result, files = written(
        tmp_path, "mlflow", MLFLOW_TRACKING_URI="http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"
    )
    assert result["error"]["code"] == "tracker_failed" and "127.0.0.1" in result["error"]["message"]
    assert not files.exists()


def test_requests_hold_no_more_than_it_takes() -> None:
    parts = list(mlflow._parts(range(2500), mlflow.MAX_METRICS))
    assert [len(part) for part in parts] == [1000, 1000, 500]
    assert [item for part in parts for item in part] == list(range(2500))
