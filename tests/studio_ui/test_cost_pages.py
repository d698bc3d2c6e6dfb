"""Costs before and after, what was forgotten, the rate race and the race of methods, as people meet them."""

import os
from dataclasses import replace

import pytest

from app.db import transaction
from app.models import Run
from app.services.datasets import datasets
from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.queue import machine_speeds
from app.services.runs import run_costs, runs
from tests.app.outcomes import end_run, rows_right
from tests.studio_ui.conftest import NARROW

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
    page.wait_for_selector("#cost-table")
    rows = page.locator("#cost-table tbody tr").all_inner_texts()
    assert [row.split("\t")[0].strip() for row in rows] == ["Peak memory", "Time", "Trainable parameters", "Download"]
    assert "45 s" in rows[1] and "exact" in rows[2]
    retention = page.inner_text("#tile-retention")
    assert "−10.0 points" in retention and "much lost" in retention and "red from -8 points" in retention
    assert "from 0.001, 0.003, 0.009" in page.inner_text("#tile-rate")
    assert "lost much of what it could do elsewhere" in page.inner_text("#run-verdicts")
    shoot(page, "cost-run-dark")
    page.goto(f"{watched.studio.address}/models")
    page.wait_for_selector("#estimate-accuracy")
    assert "1 finished run" in page.inner_text("#models-page")
    page.locator("#estimate-accuracy").scroll_into_view_if_needed()
    shoot(page, "cost-models-dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == [] and watched.foreign == []


def test_review_tells_range_and_basis_and_what_would_make_it_fit(signed_in, sample, finished, monkeypatch):
    small = replace(machine_speeds.training_machine(here=True), available_bytes=1_000_000_000)
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/new?dataset={sample.id}&step=review")
    page.wait_for_selector("#review-cost .cost-tiles")
    text = page.inner_text("#review-cost")
    assert "finished run with this method and model" in text and "about" in text and "Fits in memory" in text
    shoot(page, "cost-review-dark")
    monkeypatch.setattr(machine_speeds, "training_machine", lambda **_: small)
    page = watched.open(f"/new?dataset={sample.id}&step=settings")
    page.click("#all-settings > button")
    page.fill("#training-max_length input", "512")
    page.fill("#training-batch_size input", "256")
    page.fill("#training-learning_rate textarea, #training-learning_rate input", "auto")
    page.wait_for_selector("#training-learning_rate [aria-invalid=false]")
    page.click("#step-next")
    page.wait_for_selector("#review-remedies")
    assert "Too large" in page.inner_text("#review-cost")
    shoot(page, "cost-remedies-dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == []


def test_method_comparison_starts_in_the_wizard_and_returns_its_best_method(signed_in, sample):
    watched = signed_in()
    page = watched.open(f"/new?dataset={sample.id}&step=method")
    page.wait_for_selector("#method-race")
    page.wait_for_function("!document.querySelector('#wizard').innerText.includes('Counting…')")
    shoot(page, "cost-methods")
    page.click("#method-race")
    page.wait_for_selector("#leaderboard")
    assert page.locator("#leaderboard tbody tr:not(.base-row)").count() == 3
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
    assert "method" in page.inner_text(".step-title:visible") or "thoroughly" in page.inner_text(".step-title:visible")
    assert watched.complaints == []
