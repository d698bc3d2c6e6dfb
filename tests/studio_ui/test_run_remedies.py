"""From a verdict to its remedy in one click: the wizard opens like the run, with what should change changed."""

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Job
from app.services.datasets import datasets
from app.services.runs import runs
from tests.factories import measured


@pytest.fixture(scope="module")
def stuck(studio):
    """A run of forty steps on which the loss does not move."""
    sample = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    run = runs.submit(
        studio.owner,
        runs.RunRequest(
            dataset_id=sample.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora", "rank": 4},
            training={"epochs": 5},
        ),
    )
    with transaction() as session:
        session.get_one(Job, run.job_id).state = "cancelled"
        steps = range(1, 41)
        measured(
            session,
            run.id,
            {"train/loss": [(step, 2.3) for step in steps], "train/learning_rate": [(step, 1e-4) for step in steps]},
        )
    return run


def test_a_verdict_leads_to_a_changed_clone(signed_in, stuck):
    watched = signed_in()
    page = watched.open(f"/run?id={stuck.id}")
    page.wait_for_selector("#run-verdicts :text('hardly moves')")
    page.click(".verdict-remedy:has-text('0.0003')")
    page.wait_for_selector(".step-title:has-text('thoroughly')")
    expect(page.locator("#training-learning_rate :is(textarea, input)")).to_have_value("0.0003")
    expect(page.locator("#training-epochs input")).to_have_value("5")
    expect(page.locator("#method-rank input")).to_have_value("4")
    assert watched.complaints == []
