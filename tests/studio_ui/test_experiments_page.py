"""The experiments page in Chromium: from choosing methods to the filled table, its advice and the choice."""

import pytest

from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest
from tests.app.outcomes import end_run, rows_right
from tests.studio_ui.conftest import NARROW

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
    page.wait_for_selector("#experiment-methods")
    page.wait_for_selector("#experiment-methods input:checked")
    while page.locator("#experiment-methods input:checked").count():
        page.locator("#experiment-methods input:checked").first.uncheck()
    page.wait_for_selector("#experiment-start:disabled:has-text('Queue the runs')")
    assert page.is_disabled("#experiment-start") and "at least two" in page.inner_text("#experiment-total")
    page.check("#pick-lora")
    page.check("#pick-full")
    page.wait_for_selector("#experiment-total:has-text('2 runs')")
    page.click("#experiment-start")
    page.wait_for_url("**/experiments?id=*")
    page.wait_for_selector("#leaderboard [data-state=queued]")
    assert page.locator("#leaderboard tbody tr").count() == 2
    page.click("#experiment-stop")
    page.click(".dialog .stop")
    page.wait_for_selector("#leaderboard [data-state=cancelled]")
    assert watched.complaints == [] and watched.foreign == []


def test_settings_are_varied_within_the_budget(signed_in, sample):
    page = signed_in().open(f"/experiments?dataset={sample.id}")
    page.get_by_label("Vary settings").check()
    page.get_by_label("Rank", exact=True).fill("4, 8, 16")
    page.get_by_label("Epochs").fill("1, 2")
    page.wait_for_selector("#experiment-start:has-text('Queue 6 runs')")
    page.get_by_label("At most this many runs").fill("4")
    page.wait_for_selector("#experiment-total:has-text('more than 4')")
    assert page.is_disabled("#experiment-start")
    page.get_by_label("Random search").check()
    page.wait_for_selector("#experiment-start:enabled:has-text('Queue 4 runs')")
    page.get_by_label("Rank", exact=True).fill("0")
    page.click("#experiment-start")
    page.wait_for_selector("#experiment-error .verdict-error")
    assert "rank" in page.inner_text("#experiment-error")


# Colours do not change widths, and widths no colours: each of the four is seen once.
def test_leaderboard_shows_ties_and_advice(signed_in, finished):
    shootout, full, cheap, behind = finished
    watched = signed_in(NARROW, color_scheme="dark")
    page = watched.open(f"/experiments?id={shootout}")
    page.wait_for_selector("#leaderboard")
    ranks = page.eval_on_selector_all("#leaderboard tr[data-run]", "all => all.map(row => row.dataset.rank)")
    assert ranks == ["best", "tied", "behind"]
    order = page.eval_on_selector_all("#leaderboard tr[data-run]", "all => all.map(row => row.dataset.run)")
    assert order == [full, cheap, behind]
    assert "Linear probe on the base model" in page.inner_text("#leaderboard .base-row")
    advice = page.inner_text("#experiment-advice")
    assert "Use LoRA" in advice and "no significant difference from Full fine-tuning" in advice
    page.wait_for_selector(".pareto-plot .main-svg")
    assert "Full fine-tuning" in page.inner_text("#experiment-pareto")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
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
    page.wait_for_selector("#experiment-state:has-text('Up to 9 in all')")
    assert page.locator("#leaderboard tr[data-run]").count() == 4
    assert "successive halving at 20, 40 and 80 %" in page.inner_text("#experiment-plan")
    page.click("#experiment-stop")
    page.click("dialog .stop")
    page.wait_for_selector("#experiment-state:has-text('All 4 runs ended')")


def test_a_run_is_written_for_another_tracker(signed_in, finished):
    page = signed_in().open(f"/run?id={finished[1]}")
    page.click("[role=tab]:has-text('Files')")
    page.click("#tracker-list [data-tracker=tensorboard] button:has-text('Write')")
    page.wait_for_selector("#tracker-list [data-tracker=tensorboard] button:has-text('Stop')")
    page.click("#tracker-list [data-tracker=tensorboard] button:has-text('Stop')")
    page.wait_for_selector("#tracker-list [data-tracker=tensorboard] button:has-text('Write again')")
