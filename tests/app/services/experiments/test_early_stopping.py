"""Early stopping: runs past halfway whose accuracy interval lies below the best finished run's."""

from app.models import RUNNING, SUCCEEDED, DatasetVersion, Job, Run
from app.services.experiments.early_stopping import clearly_worse


def make_run(name: str, state: str, step: int = 0, task: str = "text-classification") -> Run:
    job = Job(state=state, progress={"step": step, "total_steps": 100})
    version = DatasetVersion(split_sizes={"validation": 200})
    return Run(id=name, name=name, task_type=task, job=job, dataset_version=version)


def accuracy(**values: float) -> dict[str, dict[str, float]]:
    return {name: {"eval/accuracy": value} for name, value in values.items()}


def test_clearly_worse_run_past_halfway_is_stopped_with_both_scores() -> None:
    runs = [make_run("best", SUCCEEDED), make_run("late", RUNNING, 60), make_run("early", RUNNING, 40)]
    found = clearly_worse(runs, accuracy(best=0.9, late=0.5, early=0.5))
    assert found.keys() == {"late"} and "50.0%" in found["late"] and "best with 90.0%" in found["late"]


def test_overlapping_intervals_stop_nothing() -> None:
    runs = [make_run("best", SUCCEEDED), make_run("late", RUNNING, 60)]
    assert clearly_worse(runs, accuracy(best=0.9, late=0.87)) == {}


def test_nothing_is_stopped_before_a_run_has_finished() -> None:
    runs = [make_run("first", RUNNING, 99), make_run("late", RUNNING, 60)]
    assert clearly_worse(runs, accuracy(first=0.9, late=0.1)) == {}


def test_other_metrics_than_accuracy_stop_nothing() -> None:
    runs = [make_run("best", SUCCEEDED, task="chat"), make_run("late", RUNNING, 60, task="chat")]
    assert clearly_worse(runs, {"best": {"eval/perplexity": 2.0}, "late": {"eval/perplexity": 90.0}}) == {}
