"""The experiments page in Chromium: from choosing methods to the filled table, its advice and the choice."""

import re

import pytest
from playwright.sync_api import expect

from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest
from tests.app.outcomes import end_run, rows_right
from tests.studio_ui.conftest import NARROW, expect_to_fit

METHODS = [{"kind": "lora"}, {"kind": "full"}, {"kind": "lora", "rank": 4}]


@pytest.fixture(scope="module")
def sample(studio):
    return datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)


@pytest.fixture
def finished(studio, sample):
    """A shoot-out of three runs: a winner that costs much, a tie that costs little, and one far behind."""
    request = ExperimentRequest(dataset_id=sample.id, methods=METHODS, name="Which method?")
    made = experiments.start(studio.owner, request)
    rows = {row.name.split(" · ")[-1]: row.id for row in experiments.read(studio.owner, made.id).table.rows}
    full, cheap, behind = rows["Full fine-tuning"], rows["LoRA"], rows["LoRA, rank 4"]
    base = rows_right(60, 100)
    end_run(full, rows_right(92, 100), base, seconds=240, adapter_bytes=90_000_000, trainable=22_700_000)
    end_run(cheap, rows_right(90, 100), base, seconds=45, adapter_bytes=1_800_000, trainable=443_000)
    end_run(behind, rows_right(71, 100), base, seconds=44, adapter_bytes=900_000, trainable=111_000)
    return made.id, full, cheap, behind


def test_methods_are_chosen_and_queued(signed_in, sample):
    watched = signed_in()
    page = watched.open(f"/experiments?dataset={sample.id}")
    picked = page.locator("#experiment-methods input:checked")
    start, total = page.locator("#experiment-start"), page.locator("#experiment-total")
    # The answer that counts the recommended methods; before it the button says nothing else than after the last was taken away.
    expect(start).to_have_text(re.compile(r"Queue \d+ runs"), timeout=60_000)
    expect(picked).not_to_have_count(0)
    for left in reversed(range(picked.count())):
        page.locator(f"#{picked.first.get_attribute('id')}").uncheck()
        expect(picked).to_have_count(left)
    expect(start).to_have_text("Queue the runs")
    expect(start).to_be_disabled()
    expect(total).to_contain_text("at least two")
    page.check("#pick-lora")
    page.check("#pick-full")
    expect(total).to_contain_text("2 runs")
    start.click()
    page.wait_for_url("**/experiments?id=*")
    expect(page.locator("#leaderboard [data-state=queued]")).to_have_count(2)
    page.click("#experiment-stop")
    page.click(".dialog .stop")
    expect(page.locator("#leaderboard [data-state=cancelled]")).to_have_count(2)
    assert watched.complaints == [] and watched.foreign == []


def test_settings_are_varied_within_the_budget(signed_in, sample):
    page = signed_in().open(f"/experiments?dataset={sample.id}")
    page.get_by_label("Vary settings").check()
    page.get_by_label("Rank", exact=True).fill("4, 8, 16")
    page.get_by_label("Epochs").fill("1, 2")
    start = page.locator("#experiment-start")
    expect(start).to_have_text("Queue 6 runs")
    page.get_by_label("At most this many runs").fill("4")
    expect(page.locator("#experiment-total")).to_contain_text("more than 4")
    expect(start).to_be_disabled()
    page.get_by_label("Random search").check()
    expect(start).to_have_text("Queue 4 runs")
    expect(start).to_be_enabled()
    page.get_by_label("Rank", exact=True).fill("0")
    start.click()
    expect(page.locator("#experiment-error .verdict-error")).to_contain_text("rank")


# Colours do not change widths, and widths no colours: each of the four is seen once.
def test_leaderboard_shows_ties_and_advice(signed_in, finished):
    shootout, full, cheap, behind = finished
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/experiments?id={shootout}")
    rows = page.locator("#leaderboard tr[data-run]")
    expect(rows).to_have_count(3)
    for at, (run, rank) in enumerate(((full, "best"), (cheap, "tied"), (behind, "behind"))):
        expect(rows.nth(at)).to_have_attribute("data-run", run)
        expect(rows.nth(at)).to_have_attribute("data-rank", rank)
    expect(page.locator("#leaderboard .base-row")).to_contain_text(["Linear probe on the base model"])
    advice = page.locator("#experiment-advice")
    expect(advice).to_contain_text("Use LoRA")
    expect(advice).to_contain_text("no significant difference from Full fine-tuning")
    page.wait_for_selector(".pareto-plot .main-svg")
    expect(page.locator("#experiment-pareto")).to_contain_text("Full fine-tuning")
    expect_to_fit(page)
    page.click("#experiment-use")
    page.wait_for_selector("#experiment-chosen")
    page.reload()
    page.wait_for_selector("#experiment-chosen")
    assert watched.complaints == []


def test_the_list_leads_to_the_table(signed_in, finished):
    page = signed_in().open("/experiments")
    page.click("#experiments-table a:has-text('Which method?') >> nth=0")
    page.wait_for_selector("#leaderboard")
    page.click("#experiment-compare")
    page.wait_for_selector("#compare-table")


def test_adaptive_search_announces_further_runs(signed_in, sample):
    page = signed_in().open(f"/experiments?dataset={sample.id}")
    page.get_by_label("Vary settings").check()
    page.get_by_label("Learning rate", exact=True).fill("0.0001..0.01")
    page.get_by_label("Adaptive search").check()
    page.get_by_label("At most this many runs").fill("9")
    page.get_by_label("Successive halving").check()
    page.click("#experiment-start:enabled:has-text('Queue 9 runs')")
    expect(page.locator("#experiment-state")).to_contain_text("Up to 9 in all")
    expect(page.locator("#leaderboard tr[data-run]")).to_have_count(4)
    expect(page.locator("#experiment-plan")).to_contain_text("successive halving at 20, 40 and 80 %")
    page.click("#experiment-stop")
    page.click("dialog .stop")
    expect(page.locator("#experiment-state")).to_contain_text("All 4 runs ended")


def test_a_run_is_written_for_another_tracker(signed_in, finished):
    page = signed_in().open(f"/run?id={finished[1]}")
    page.click("[role=tab]:has-text('Files')")
    page.click("#tracker-list [data-tracker=tensorboard] button:has-text('Write')")
    page.wait_for_selector("#tracker-list [data-tracker=tensorboard] button:has-text('Stop')")
    page.click("#tracker-list [data-tracker=tensorboard] button:has-text('Stop')")
    page.wait_for_selector("#tracker-list [data-tracker=tensorboard] button:has-text('Write again')")
