"""Combining and shrinking in Chromium: a form where the runs are, and the new run's page after it."""

import json
import os

import pytest

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
    page.click("#combine > summary")
    assert page.is_hidden("#combine-rank") and page.is_hidden("#combine-density")
    page.select_option("#combine-how", "arrow")
    assert page.is_visible("#combine-top-k") and page.is_hidden("#combine-weight-0")
    shoot(page, "combine-arrow")
    page.select_option("#combine-how", "ties")
    page.fill("#combine-rank", "12")
    page.fill("#combine-weight-1", "3")
    shoot(page, "combine")
    page.click("#combine-form button[type=submit]")
    page.wait_for_url("**/run?id=*")
    page.wait_for_selector("#run-state:has-text('Queued')")
    page.click("[role=tab]:has-text('Files')")
    assert "/run?id=" in page.url and page.url.endswith("#files")
    text = page.inner_text("#run-origin")
    assert "Vote of the largest changes" in text and "One" in text and "weight 3" in text
    shoot(page, "combined-files")
    assert watched.complaints == []


def test_what_does_not_fit_is_said_in_place(signed_in, parents):
    page = signed_in(NARROW).open(f"/compare?runs={parents[0]},{parents[2]}")
    page.click("#combine > summary")
    page.click("#combine-form button[type=submit]")
    page.wait_for_selector("#combine-form :text('cannot be combined')")
    shoot(page, "combine-refused-narrow")


def test_a_full_fine_tune_is_shrunk_from_its_files(signed_in, parents):
    page = signed_in().open(f"/run?id={parents[2]}#files")
    page.click("#shrink > summary")
    page.fill("#shrink-rank", "24")
    shoot(page, "shrink")
    page.click("#shrink-form button[type=submit]")
    page.wait_for_url(lambda url: parents[2] not in url)
    page.wait_for_selector("#run-state:has-text('Queued')")
    assert page.input_value("#run-name") == "Whole, shrunk to rank 24"


def test_an_adapter_is_merged_from_its_files_and_the_made_run_is_not_cloned(signed_in, parents):
    watched = signed_in()
    page = watched.open(f"/run?id={parents[0]}#files")
    page.click("#merge > summary")
    shoot(page, "merge")
    page.click("#merge-form button[type=submit]")
    page.wait_for_url(lambda url: parents[0] not in url)
    page.wait_for_selector("#run-state:has-text('Queued')")
    assert page.input_value("#run-name") == "One, merged"
    assert page.locator("#run-clone").count() == 0
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
    text = page.inner_text("#merge")
    assert "Bottleneck adapter cannot merge" in text and "LoRA" in text
    assert page.locator("#merge-form").count() == 0
    shoot(page, "merge-refused-narrow")
