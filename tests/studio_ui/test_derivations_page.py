"""Combining and shrinking in Chromium: a form where the runs are, and the new run's page after it."""

import json
import os

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Run
from tests.app.finished_runs import finish
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW

SHOTS = os.environ.get("STUDIO_SHOTS")
LORA = {"adapter_config.json": json.dumps({"peft_type": "LORA", "r": 8}).encode()}

RESULTS = {
    "metrics": {"accuracy": 0.9, "macro_f1": 0.9, "loss": 0.3},
    "intervals": {"accuracy": [0.8, 0.95]},
    "baseline": {"majority": {"accuracy": 0.5}, "linear_probe": {"accuracy": 0.6, "loss": 0.7}},
    "test_rows": 100,
    "labels": ["no", "yes"],
    "seconds": {"total": 60.0, "training": 50.0},
}


@pytest.fixture(scope="module")
def parents(studio):
    place = make_version(studio.owner)
    ids = []
    for name, kind, files in (
        ("One", "lora", LORA),
        ("Two", "rslora", LORA),
        ("Whole", "full", {"model.safetensors": b"0"}),
    ):
        run = make_run(studio.owner, place, name)
        with transaction() as session:
            stored = session.get_one(Run, run.id)
            stored.spec, stored.method, stored.results = {**SPEC, "method": {"kind": kind}}, kind, RESULTS
        finish(run, files)
        ids.append(run.id)
    return ids


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_two_compared_runs_are_combined_into_a_queued_one(signed_in, parents):
    watched = signed_in()
    page = watched.open(f"/compare?runs={parents[0]},{parents[1]}")
    page.click("text=Combine into one model")
    expect(page.locator("#combine-weight-1")).to_be_visible()
    expect(page.locator("#combine-rank")).to_be_hidden()
    expect(page.locator("#combine-density")).to_be_hidden()
    page.get_by_label("Arrow routing").check()
    expect(page.locator("#combine-top-k")).to_be_visible()
    expect(page.locator("#combine-weight-0")).to_be_hidden()
    shoot(page, "combine-arrow")
    page.get_by_label("(TIES)").check()
    page.get_by_label("Rank", exact=True).fill("12")
    page.get_by_label("Weight of Two").fill("3")
    shoot(page, "combine")
    page.click("#combine-start")
    page.wait_for_url("**/run?id=*")
    page.wait_for_selector("#run-state:has-text('Queued')")
    page.click("[role=tab]:has-text('Files')")
    page.wait_for_function("location.hash === '#files'")
    assert "/run?id=" in page.url
    for words in ("Vote of the largest changes", "One", "weight 3"):
        expect(page.locator("#run-origin")).to_contain_text(words)
    shoot(page, "combined-files")
    assert watched.complaints == []


def test_what_does_not_fit_is_shown_in_place(signed_in, parents):
    page = signed_in(NARROW).open(f"/compare?runs={parents[0]},{parents[2]}")
    page.click("text=Combine into one model")
    page.click("#combine-start")
    page.wait_for_selector("#combine :text('cannot be combined')")
    shoot(page, "combine-refused-narrow")


# Draws so many frames that whatever writes into a field which has just been mounted has done so.
FRAMES = """() => new Promise((done) => {
  let left = 5;
  const draw = () => (left-- ? requestAnimationFrame(draw) : done());
  draw();
})"""


def test_a_full_fine_tune_is_shrunk_from_its_files_to_the_rank_that_was_typed(signed_in, parents):
    page = signed_in().open(f"/run?id={parents[2]}#files")
    page.hover("#shrink-rank input")
    page.fill("#shrink-rank input", "24")
    page.evaluate(FRAMES)
    expect(page.locator("#shrink-rank input")).to_have_value("24")
    shoot(page, "shrink")
    page.click("#shrink-start")
    page.wait_for_url(lambda url: parents[2] not in url)
    page.wait_for_selector("#run-state:has-text('Queued')")
    expect(page.locator("#run-name textarea")).to_have_value("Whole, shrunk to rank 24")


def test_an_adapter_is_merged_from_its_files_and_the_made_run_is_not_cloned(signed_in, parents):
    watched = signed_in()
    page = watched.open(f"/run?id={parents[0]}#files")
    page.click("#merge > summary")
    shoot(page, "merge")
    page.click("#merge-start")
    page.wait_for_url(lambda url: parents[0] not in url)
    page.wait_for_selector("#run-state:has-text('Queued')")
    expect(page.locator("#run-name textarea")).to_have_value("One, merged")
    expect(page.locator("#run-clone")).to_have_count(0)
    assert watched.complaints == []


def test_an_adapter_that_cannot_be_merged_says_so_with_those_that_can(studio, signed_in):
    run = make_run(studio.owner, make_version(studio.owner), "Stations")
    with transaction() as session:
        stored = session.get_one(Run, run.id)
        stored.spec, stored.method = {**SPEC, "method": {"kind": "bottleneck-adapter"}}, "bottleneck-adapter"
        stored.results = RESULTS
    finish(run, {"model.safetensors": b"0"})
    page = signed_in(NARROW).open(f"/run?id={run.id}#files")
    page.wait_for_selector("text=bottleneck.py")
    page.click("#merge > summary")
    expect(page.locator("#merge")).to_contain_text("Bottleneck adapter cannot merge")
    expect(page.locator("#merge")).to_contain_text("LoRA")
    expect(page.locator("#merge-form")).to_have_count(0)
    shoot(page, "merge-refused-narrow")
