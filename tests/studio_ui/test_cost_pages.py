"""Costs before and after, what was forgotten, the rate race and the race of methods, as people meet them."""

import os
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Run
from app.services.datasets import datasets
from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.queue import machine_speeds
from app.services.runs import run_costs, runs
from tests.app.outcomes import end_run, rows_right
from tests.journeys.steps import open_settings
from tests.studio_ui.conftest import NARROW, expect_to_fit

SHOTS = os.environ.get("STUDIO_SHOTS")
FORGOTTEN = {
    "task": "whether two words of a sentence have changed places",
    "unit": "share",
    "before": 0.9,
    "after": 0.8,
    "change": -0.1,
    "rows": 160,
    "level": "red",
    "limits": [-0.03, -0.08],
}
RACE = {
    "chosen": 3e-3,
    "steps": 4,
    "why": "Learning rate 0.003: lowest loss.",
    "tried": [{"rate": rate, "loss": 0.5} for rate in (1e-3, 3e-3, 9e-3)],
}


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


@pytest.fixture(scope="module")
def finished(studio, sample):
    machine_speeds.store_speed(machine_speeds.training_machine(here=True).name, dict(REFERENCE))
    run = runs.submit(
        studio.owner,
        runs.RunRequest(
            dataset_id=sample.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora"},
            training={"learning_rate": "auto"},
        ),
    )
    run_costs.store_estimate(run.id)
    end_run(
        run.id,
        rows_right(18, 20),
        rows_right(12, 20),
        seconds=45.0,
        forgetting=FORGOTTEN,
        rate_race=RACE,
        learning_rate=3e-3,
    )
    with transaction() as session:
        found = session.get_one(Run, run.id)
        run_costs.store_actual(session, found, found.results)
    return run.id


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_estimate_and_actual_stand_side_by_side(signed_in, finished):
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/run?id={finished}#config")
    expect(page.locator("#cost-table tbody tr")).to_contain_text(
        ["Peak memory", re.compile("Time.*45 s"), re.compile("Trainable parameters.*exact"), "Download"]
    )
    retention = page.locator("#tile-retention")
    for words in ("−10.0 points", "much lost", "red from -8 points"):
        expect(retention).to_contain_text(words)
    expect(page.locator("#tile-rate")).to_contain_text("from 0.001, 0.003, 0.009")
    expect(page.locator("#run-verdicts")).to_contain_text("lost much of what it could do elsewhere")
    shoot(page, "cost-run-dark")
    page.goto(f"{watched.studio.address}/models")
    expect(page.locator("#models-page")).to_contain_text("1 finished run")
    page.locator("#estimate-accuracy").scroll_into_view_if_needed()
    shoot(page, "cost-models-dark")
    expect_to_fit(page)
    assert watched.complaints == [] and watched.foreign == []


def test_review_tells_range_and_basis_and_what_would_make_it_fit(signed_in, sample, finished, monkeypatch):
    small = replace(machine_speeds.training_machine(here=True), available_bytes=1_000_000_000)
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=review")
    costs = page.locator("#review-cost")
    for words in ("finished run with this method and model", "about", "Fits in memory"):
        expect(costs).to_contain_text(words)
    shoot(page, "cost-review-dark")
    monkeypatch.setattr(machine_speeds, "training_machine", lambda **_: small)
    page = watched.open(f"/new?dataset={sample.id}&step=settings")
    open_settings(page)
    page.fill("#training-max_length input", "512")
    page.fill("#training-batch_size input", "256")
    page.fill("#training-learning_rate textarea, #training-learning_rate input", "auto")
    page.wait_for_selector("#training-learning_rate [aria-invalid=false]")
    page.click("#step-next")
    expect(page.locator("#review-remedies")).to_be_visible()
    expect(costs).to_contain_text("Too large")
    shoot(page, "cost-remedies-dark")
    expect_to_fit(page)
    assert watched.complaints == []


def test_method_comparison_starts_in_the_wizard_and_returns_its_best_method(signed_in, sample):
    watched = signed_in()
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.wait_for_selector("#method-race")
    expect(page.locator("#wizard")).not_to_contain_text("Counting…", use_inner_text=True)
    shoot(page, "cost-methods")
    page.click("#method-race")
    expect(page.locator("#leaderboard tbody tr:not(.base-row)")).to_have_count(3)
    shoot(page, "cost-race")
    ids = page.eval_on_selector_all("#leaderboard tbody tr[data-run]", "rows => rows.map((row) => row.dataset.run)")
    for number, run in enumerate(ids):
        end_run(run, rows_right(190 - 4 * number, 200), rows_right(120, 200), seconds=20.0 + number)
    page.wait_for_selector("#experiment-use")
    page.click("#experiment-use")
    page.wait_for_selector("#race-all-rows")
    shoot(page, "cost-race-done")
    page.click("#race-all-rows")
    page.wait_for_selector("#step-next")
    expect(page.locator(".step-title:visible")).to_have_text(re.compile("method|thoroughly"))
    assert watched.complaints == []
