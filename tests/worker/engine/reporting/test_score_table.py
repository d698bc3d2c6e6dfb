"""The table of scores in a card."""

from dataclasses import replace

from tests.worker.engine.reporting.test_results import TASK
from worker.engine.reporting.score_table import score_table


def test_scores_stand_beside_the_baselines_that_have_them() -> None:
    found = replace(TASK, metrics={"r2": 0.5, "mae": 0.1}, baseline={"linear_probe": {"r2": 0.4}})
    assert score_table({"r2": "R2", "mae": "Error", "loss": "Loss"}, found) == [
        "| | this model | linear probe on the base model |",
        "|---|---|---|",
        "| R2 | 0.5000 | 0.4000 |",
        "| Error | 0.1000 |  |",
    ]
