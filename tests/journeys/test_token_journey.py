"""The same journey for a model that labels words: a CoNLL file in, marked text out, in the browser and over the API."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.catalog.base_models import base_model_path
from app.samples import SAMPLES, sample_path
from tests.journeys.steps import QUESTIONS, decline_folds, open_settings, wait_for_end
from tests.studio.processes import Up, call

SAMPLE = next(sample for sample in SAMPLES if sample.task_type == "token-classification")
ASKED = "Dr Anna Kovac flies with Nordwind to Cape Town on Monday."
TYPES = ("PERSON", "PLACE", "COMPANY", "DATE")


@pytest.fixture(scope="module")
def tuned(studio_up: Up, page: Page) -> str:
    """Id of a run on an uploaded CoNLL file, with two passes, finished."""
    page.goto(f"{studio_up.address}/datasets")
    page.set_input_files("#data-file", sample_path(SAMPLE))
    page.wait_for_selector("#report-preview .entity")
    page.click("#report-tune")
    for question in QUESTIONS:
        page.wait_for_selector(f".step-title:has-text('{question}')")
        if question == "learn to do":
            expect(page.locator("#task-token-classification")).to_be_checked()
            expect(page.locator("#goal-role-tokens input")).to_have_value("tokens")
            expect(page.locator("#goal-role-spans input")).to_have_value("")
        if question == "thoroughly":
            open_settings(page)
            page.fill("#training-epochs input", "2")
            expect(page.locator("#training-label_pieces")).to_have_count(1)
        if question == "Ready to start":
            decline_folds(page)
        page.click("#step-next:enabled")
    return wait_for_end(page)


def test_run_page_shows_entity_scores(studio_up: Up, page: Page, tuned: str) -> None:
    page.goto(f"{studio_up.address}/run?id={tuned}")
    expect(page.locator("#tile-f1")).to_contain_text("Entity F1")
    expect(page.locator("#tile-f1")).to_contain_text("entities")
    expect(page.locator("#tile-baselines [data-baseline=word_list]")).to_contain_text("%")
    expect(page.locator("#panel-certainty-button")).to_be_hidden()
    page.click("#panel-examples-button")
    everything = page.locator("#panel-examples [data-only=all]")
    everything.click()
    expect(everything).to_have_attribute("aria-pressed", "true")
    for entity_type in TYPES:
        expect(page.locator("#examples-table .entity-type", has_text=entity_type).first).to_be_visible()
    page.click("#panel-labels-button")
    expect(page.locator("#labels-table thead")).to_contain_text("Entities")
    expect(page.locator("#labels-table tbody tr")).to_have_count(4)
    page.click("#panel-confusion-button")
    expect(page.locator("#confusion-matrix")).to_contain_text("(nothing)")


@pytest.fixture(scope="module")
def client(studio_up: Up, tuned: str) -> Iterator[httpx.Client]:
    token = call("token", STUDIO_DATA_DIR=str(studio_up.home)).stdout.strip().split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=studio_up.address, headers=headers, trust_env=False, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(client: httpx.Client, tuned: str) -> list[dict[str, Any]]:
    """The entities of a sentence over the API. Which of them are found depends on the processor, but never that some are."""
    response = client.post(f"/api/v1/runs/{tuned}/predict", json={"inputs": [ASKED]}).json()
    entities: list[dict[str, Any]] = (response.get("answers") or response.get("predictions"))[0]["entities"]
    assert entities
    return entities


def test_playground_marks_entities_of_a_typed_text(
    studio_up: Up, page: Page, tuned: str, found: list[dict[str, Any]]
) -> None:
    page.goto(f"{studio_up.address}/playground?models={tuned}")
    page.wait_for_selector("#pane-0")
    page.get_by_label("Your texts").fill(f"{ASKED}\n<b>nothing</b> here")
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_contain_text("2 texts answered", timeout=60_000)
    marked = page.locator(".reply-text").first.locator(".entity")
    expect(marked).to_have_text([f"{entity['text']} {entity['label']}" for entity in found], use_inner_text=True)
    # What looks like a tag of the page stays text.
    expect(page.locator(".reply-text").nth(1)).to_contain_text("</b")
    expect(page.locator(".reply b")).to_have_count(0)


def test_the_answer_over_the_api_and_the_download_agree(
    client: httpx.Client, tuned: str, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert all(ASKED[item["start"] : item["end"]] == item["text"] and item["label"] in TYPES for item in found)
    content = client.get(f"/api/v1/runs/{tuned}/adapter").content
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    script = next(tmp_path.rglob("use_me.py"))
    environment = {
        "PATH": os.environ["PATH"],
        "BASE_MODEL": str(base_model_path("starter-encoder")),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-I", str(script), ASKED], env=environment, capture_output=True, text=True, check=True
    )
    entities = json.loads(done.stdout)["entities"]
    assert [entity[:3] for entity in entities] == [[item["start"], item["end"], item["label"]] for item in found]
