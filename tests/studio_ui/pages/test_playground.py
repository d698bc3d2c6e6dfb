"""The Playground: models side by side on typed texts, test rows, what is refused, links in, and what is somebody else's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.errors import Conflict
from app.models import SUCCEEDED, Job, Prediction, Run, new_id
from app.services.inference import prediction
from tests.app.services.runs.test_checkpoints import keep
from tests.factories import SPEC, make_run, make_user
from tests.studio_ui.conftest import NARROW, Studio, expect_to_fit
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
    bars = page.locator("#pane-0 .label-bars li")
    expect(bars).to_have_count(6)
    expect(bars.last).to_contain_text(re.compile(r"2 other labels together.*3\.0 %", re.DOTALL))
    expect(page.locator("#pane-1 .reply-text")).to_have_text("<b>Anna PERSON</b> flies to Rome", use_inner_text=True)
    expect(page.locator("#pane-1")).to_contain_text("only the first 12 of 25 characters were read")
    expect(page.locator(".reply b")).to_have_count(0)

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
    expect(page.locator("#pane-0 h2")).to_contain_text("Moods (LoRA), step 20")
    expect(page.locator(".pane")).to_have_count(1)
    page.click("#playground-example")
    expect(page.get_by_label("Your texts")).to_have_value("A quiet evening")
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_have_text("1 text answered.")
    assert asked == [f"{labels}@20"]
    expect(page).to_have_url(re.compile(f"models={labels}%4020"))


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
    expect_to_fit(page)
    assert watched.complaints == []


def test_run_of_somebody_else_is_not_offered(signed_in, labels):
    other = finished(make_user(f"stranger {new_id()}"), "Secret")
    page = signed_in().open(f"/playground?models={other}")
    expect(page.locator("#pane-0 h2")).to_be_visible()
    page.wait_for_url(lambda url: other not in url)
    expect(page.locator("#content")).not_to_contain_text("Secret")


def test_model_that_compares_texts_is_asked_line_by_line_from_two_boxes(signed_in, studio, labels, monkeypatch):
    spec = {**SPEC, "task_type": "pair-classification", "columns": {"text": "q1", "text_pair": "q2", "label": "same"}}
    run = make_run(studio.owner, name="Doubles", spec=spec)
    with transaction() as session:
        session.get_one(Job, run.job_id).state = SUCCEEDED
        session.get_one(Run, run.id).task_type = "pair-classification"
        row = {"row_id": 1, "split": "test", "expected": "yes", "answer": "yes", "score": 0.9}
        session.add(Prediction(run_id=run.id, input='["Is it\\nlate?", "How late is it?"]', **row))
    asked = []

    def predict(user_id: str, model: str, inputs: list[list[str]]) -> list[dict[str, Any]]:
        asked.append(inputs)
        return [{"label": "yes", "probabilities": {"yes": 0.9, "no": 0.1}} for _ in inputs]

    monkeypatch.setattr(prediction, "predict", predict)
    watched = signed_in()
    page = watched.open(f"/playground?models={run.id}")
    first, second = page.get_by_label("First text (q1)"), page.get_by_label("Second text (q2)")
    expect(second).to_be_visible()
    page.click("#playground-example")
    expect(first).to_have_value("Is it late?")
    expect(second).to_have_value("How late is it?")
    first.fill("Is it late?\nIs it early?")
    page.click("#playground-ask")
    expect(page.locator("#playground-status")).to_contain_text("There are 2 lines in “First text (q1)” and 1 in")
    second.fill("How late is it?\nWhere is it?")
    second.press("Shift+Enter")
    expect(page.locator("#playground-status")).to_have_text("2 pairs answered.")
    assert asked == [[["Is it late?", "How late is it?"], ["Is it early?", "Where is it?"]]]
    expect(page.locator("#pane-0 .input-texts").last).to_contain_text(
        re.compile("First text.*Is it early.*Second text.*Where is it")
    )
    assert watched.complaints == []
