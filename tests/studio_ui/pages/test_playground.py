"""The Playground: models side by side on typed texts, test rows, what is refused, links in, and what is somebody else's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.errors import Conflict
from app.models import SUCCEEDED, Job, Prediction
from app.services.inference import prediction
from tests.app.services.runs.test_checkpoints import keep
from tests.factories import make_run, make_user
from tests.studio_ui.conftest import NARROW, Studio
from tests.studio_ui.inference_standin import Standin, standin_server

TEXT = "<b>Anna</b> flies to Rome"
SHARES = {"angry": 0.6, "busy": 0.2, "calm": 0.08, "dull": 0.06, "eager": 0.03, "fond": 0.02, "glad": 0.01}


def finished(owner: str, name: str) -> str:
    run = make_run(owner, name=name)
    with transaction() as session:
        session.get_one(Job, run.job_id).state = SUCCEEDED
    return run.id


@pytest.fixture(scope="module")
def labels(studio: Studio) -> str:
    run = finished(studio.owner, "Moods")
    row = {"row_id": 1, "split": "test", "expected": "calm", "answer": "calm", "score": 0.9}
    with transaction() as session:
        session.add(Prediction(run_id=run, input="A quiet\nevening", **row))
    return run


@pytest.fixture(scope="module")
def marks(studio: Studio) -> str:
    return finished(studio.owner, "Names")


def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
    if body["adapter"].endswith("Names"):
        found = [{"start": 3, "end": 7, "label": "PERSON", "score": 0.98, "text": "Anna"}]
        return [{"entities": found, "read_to": 12} for _ in body["inputs"]]
    return [{"label": "angry", "probabilities": SHARES} for _ in body["inputs"]]


@pytest.fixture
def answering(labels: str, marks: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    folders = {labels: Path("/Moods"), marks: Path("/Names")}
    monkeypatch.setattr(prediction, "adapter_folder", lambda user_id, run_id: folders[run_id])
    with standin_server() as standin:
        standin.predict = answer
        yield standin


def test_texts_are_answered_side_by_side_as_text(signed_in, labels, marks, answering):
    watched = signed_in()
    page = watched.open(f"/playground?models={labels},{marks},nobody")
    page.wait_for_selector("#pane-1 h2:has-text('Names')")
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_have_text("Type a text first.")
    page.get_by_label("Your texts").fill(f"\n {TEXT} \n")
    page.get_by_label("Your texts").press("Shift+Enter")
    expect(page.locator("#playground-status")).to_have_text("1 text answered.")
    assert [body["inputs"] for body in answering.asked] == [[TEXT], [TEXT]]
    bars = page.locator("#pane-0 .label-bars li").all_inner_texts()
    assert len(bars) == 6 and "2 other labels together" in bars[-1] and "3.0 %" in bars[-1]
    assert page.inner_text("#pane-1 .reply-text") == "<b>Anna PERSON</b> flies to Rome"
    assert "only the first 12 of 25 characters were read" in page.inner_text("#pane-1")
    assert page.locator(".reply b").count() == 0

    page.get_by_label("Your texts").fill("text\n" * 101)
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_contain_text("These are 101 texts; at most 100")
    page.click("#playground-example")
    expect(page.get_by_label("Your texts")).to_have_value("A quiet evening")
    assert watched.complaints == [] and watched.foreign == []


def test_checkpoint_that_the_address_names_answers_and_a_step_that_is_gone_does_not(signed_in, labels, monkeypatch):
    keep(labels, 20)
    asked = []

    def predict(user_id: str, model: str, inputs: list[str]) -> list[dict[str, Any]]:
        asked.append(model)
        return [{"label": "calm", "probabilities": {"calm": 1.0}}]

    monkeypatch.setattr(prediction, "predict", predict)
    page = signed_in().open(f"/playground?models={labels}@20,{labels}@30")
    page.wait_for_selector("#pane-0 h2:has-text('Moods (LoRA), step 20')")
    assert page.locator(".pane").count() == 1
    page.click("#playground-example")
    expect(page.get_by_label("Your texts")).to_have_value("A quiet evening")
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_have_text("1 text answered.")
    assert asked == [f"{labels}@20"] and f"models={labels}%4020" in page.url


def test_refusal_of_a_model_is_reported_in_its_pane(signed_in, labels, monkeypatch):
    def refuse(user_id: str, model: str, inputs: list[str]) -> list[dict[str, Any]]:
        raise Conflict("device_training", "A training run uses the GPU now.", "Wait for its end.")

    monkeypatch.setattr(prediction, "predict", refuse)
    watched = signed_in(NARROW)
    page = watched.open(f"/playground?models={labels}")
    page.wait_for_selector("#pane-0 h2")
    page.get_by_label("Your texts").fill("Hello")
    page.click("#playground-ask")
    page.wait_for_selector("#pane-0 .verdict:has-text('Wait for its end.')")
    expect(page.locator("#playground-status")).to_have_text("Not every model could answer.")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == []


def test_run_of_somebody_else_is_not_offered(signed_in, labels):
    other = finished(make_user(), "Secret")
    page = signed_in().open(f"/playground?models={other}")
    page.wait_for_selector("#pane-0 h2")
    page.wait_for_url(lambda url: other not in url)
    assert "Secret" not in page.inner_text("#content")
