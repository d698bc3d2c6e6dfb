"""The verdict on forgetting fires at its limits and suggests a lower learning rate."""

from typing import Any

from app.models import SUCCEEDED, Job, Run
from app.services.evaluation import verdicts


def _run(**results: Any) -> Run:
    training = {"max_length": 128, "learning_rate": 3e-4}
    return Run(
        name="r",
        task_type="text-classification",
        job=Job(state=SUCCEEDED, progress={}),
        spec={"training": training},
        results=results,
    )


def test_forgetting_is_reported_from_the_amber_limit_on() -> None:
    loss = {
        "unit": "loss",
        "before": 2.0,
        "after": 2.3,
        "rows": 56,
        "task": "how well it foresees texts",
        "level": "red",
    }
    (verdict,) = verdicts.assess(_run(forgetting=loss), {})
    assert verdict.severity == "warning" and "lost much" in verdict.title and "2.000 to 2.300" in verdict.evidence
    share = {
        "unit": "share",
        "before": 0.9,
        "after": 0.86,
        "rows": 160,
        "task": "whether words changed",
        "level": "amber",
    }
    assert "lost some" in verdicts.assess(_run(forgetting=share), {})[0].title
    assert verdicts.assess(_run(forgetting={**share, "level": "kept"}), {}) == []
    assert verdict.remedy is not None and verdict.remedy.training == {"learning_rate": 1e-4}
