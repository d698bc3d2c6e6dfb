"""The same journey for a model that labels words: a CoNLL file in, marked text out, in the browser and over the API."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from app.catalog.base_models import base_model_path
from app.samples import SAMPLES, sample_path
from tests.journeys.steps import QUESTIONS, decline_folds, wait_for_end
from tests.studio.processes import Up, call

SAMPLE = next(sample for sample in SAMPLES if sample.task_type == "token-classification")
ASKED = "Dr Anna Kovac flies with Nordwind to Cape Town on Monday."


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
            assert page.is_checked("#task-token-classification")
            assert (
                page.input_value("#goal-role-tokens input") == "tokens"
                and page.input_value("#goal-role-spans input") == ""
            )
        if question == "thoroughly":
            page.click("#all-settings > button")
            page.fill("#training-epochs input", "2")
            assert page.locator("#training-label_pieces").count() == 1
        if question == "Ready to start":
            decline_folds(page)
        page.click("#step-next:enabled")
    return wait_for_end(page)


def test_run_page_shows_entity_scores(page: Page, tuned: str) -> None:
    page.wait_for_selector("#tile-f1")
    assert "Entity F1" in page.inner_text("#tile-f1") and "entities" in page.inner_text("#tile-f1")
    assert "%" in page.inner_text("#tile-baselines [data-baseline=word_list]")
    page.wait_for_selector("#panel-certainty-button", state="hidden")
    page.click("#panel-examples-button")
    page.click("[data-only=all]")
    page.wait_for_selector("#examples-table .entity")
    marks = page.locator("#examples-table .entity-type").all_inner_texts()
    assert {"PERSON", "PLACE", "COMPANY", "DATE"} <= set(marks)
    page.click("#panel-labels-button")
    page.wait_for_selector("#labels-table")
    assert "Entities" in page.inner_text("#labels-table thead")
    assert page.locator("#labels-table tbody tr").count() == 4
    page.click("#panel-confusion-button")
    page.wait_for_selector("#confusion-matrix")
    assert "(nothing)" in page.inner_text("#confusion-matrix")


def test_playground_marks_entities_of_a_typed_text(studio_up: Up, page: Page, tuned: str) -> None:
    page.goto(f"{studio_up.address}/playground?models={tuned}")
    page.wait_for_selector("#pane-0")
    page.get_by_label("Your texts").fill(f"{ASKED}\n<b>nothing</b> here")
    page.click("#playground-ask")
    page.wait_for_selector(".reply .entity", timeout=60_000)
    response = page.inner_text(".reply >> nth=0")
    assert "Dr Anna Kovac PERSON" in response and "Monday DATE" in response
    # What looks like a tag of the page stays text.
    assert page.locator(".reply b").count() == 0 and "</b" in page.inner_text(".reply-text >> nth=1")


@pytest.fixture(scope="module")
def client(studio_up: Up, tuned: str) -> Iterator[httpx.Client]:
    token = call("token", STUDIO_DATA_DIR=str(studio_up.home)).stdout.strip().split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=studio_up.address, headers=headers, trust_env=False, timeout=60) as opened:
        yield opened


def test_the_answer_over_the_api_and_the_download_agree(client: httpx.Client, tuned: str, tmp_path: Path) -> None:
    response = client.post(f"/api/v1/runs/{tuned}/predict", json={"inputs": [ASKED]}).json()
    found = (response.get("answers") or response.get("predictions"))[0]["entities"]
    assert {"start": 0, "end": 13, "label": "PERSON", "text": "Dr Anna Kovac"}.items() <= found[0].items()
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
