"""Early stopping of an experiment's runs: which are clearly worse than the best finished run."""

from collections.abc import Mapping, Sequence

from app.catalog.task_types import task_type
from app.intervals import wilson
from app.models import RUNNING, SUCCEEDED, Run
from app.services.evaluation.leaderboard_rows import ranked_metric

# A run is judged from this share of its steps on; before, most curves still rise.
MIN_SHARE_DONE = 0.5


def clearly_worse(runs: Sequence[Run], checks: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Run id -> reason, for runs past halfway whose accuracy interval lies below that of the best finished run.

    Args:
        checks: run id -> best value so far by metric key, as ``metrics.best_evaluations`` returns it.
    """
    key = f"eval/{ranked_metric(runs).key}"
    if task_type(runs[0].task_type).answer_form != "label":
        return {}
    values = {run.id: value for run in runs if (value := checks.get(run.id, {}).get(key)) is not None}
    done = [run for run in runs if run.job.state == SUCCEEDED and run.id in values]
    if not done:
        return {}
    best = max(done, key=lambda run: values[run.id])
    rows = int(best.dataset_version.split_sizes.get("validation") or 0)
    floor = wilson(values[best.id], rows)[0]
    return {
        run.id: f"Stopped early: halfway through it was right on {values[run.id]:.1%} of the validation rows, "
        f"clearly below {best.name} with {values[best.id]:.1%}."
        for run in runs
        if run.job.state == RUNNING
        and run.id in values
        and _share_done(run) >= MIN_SHARE_DONE
        and wilson(values[run.id], rows)[1] < floor
    }


def _share_done(run: Run) -> float:
    progress = run.job.progress or {}
    total = progress.get("total_steps") or 0
    return (progress.get("step") or 0) / total if total else 0.0
