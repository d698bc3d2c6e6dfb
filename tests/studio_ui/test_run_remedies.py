"""From a verdict to its remedy in one click: the wizard opens like the run, with what should change changed."""

import pytest

from app.db import transaction
from app.models import Job, MetricPoint
from app.services import datasets, runs


@pytest.fixture(scope="module")
def stuck(studio):
    """A run of forty steps on which the loss does not move."""
    sample = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    run = runs.submit(
        studio.owner, dataset_id=sample.id, base_model="starter-encoder", task_type="text-classification",
        method={"kind": "lora", "rank": 4}, training={"epochs": 5},
    )  # fmt: skip
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "cancelled"
        for step in range(1, 41):
            session.add(MetricPoint(run_id=run.id, key="train/loss", step=step, value=2.3, at=float(step)))
            session.add(MetricPoint(run_id=run.id, key="train/learning_rate", step=step, value=1e-4, at=float(step)))
    return run


def test_a_verdict_leads_to_a_changed_clone(signed_in, stuck):
    watched = signed_in()
    page = watched.open(f"/run?id={stuck.id}")
    page.wait_for_selector("#run-verdicts :text('hardly moves')")
    page.click(".verdict-remedy:has-text('0.0003')")
    page.wait_for_selector("#step-title:has-text('thoroughly')")
    assert page.input_value("#training-learning_rate") == "0.0003"
    assert page.input_value("#training-epochs") == "5" and page.input_value("#method-rank") == "4"
    assert watched.complaints == []
