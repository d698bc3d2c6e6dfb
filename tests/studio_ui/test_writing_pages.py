"""Runs that write, in Chromium: the preview before, perplexity and answers side by side after; nothing of labels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.datasets import datasets
from app.services.runs import runs
from tests.studio_ui.conftest import NARROW, Studio
from tests.tiny_generation import install_chat_model, write_chat_file
from worker.jobs import supervisor


@pytest.fixture(scope="module")
def tuned(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(dataset, run) of a tiny chat model, tuned by a real trainer."""
    model = install_chat_model()
    path = write_chat_file(tmp_path_factory.mktemp("rows") / "counter.jsonl", 60)
    dataset = datasets.import_file(studio.owner, (path, path.name))
    run = runs.submit(
        studio.owner,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model=model,
            task_type="chat",
            method={"kind": "lora"},
            training={"epochs": 12, "learning_rate": 0.02},
        ),
    )
    supervisor.execute(run.job_id, on_spool=lambda line: None)
    assert runs.get_run(studio.owner, run.id).job.state == "succeeded"
    return dataset.id, run.id


def test_run_page_shows_perplexity_and_answers(signed_in, tuned, tmp_path: Path) -> None:
    watched = signed_in(NARROW)
    page = watched.open(f"/run?id={tuned[1]}")
    page.wait_for_selector("#tile-perplexity .delta")
    assert "base model" in page.inner_text("#tile-perplexity")
    assert page.locator("#tile-accuracy, #tile-baselines").count() == 0
    # The sentence comes first, with what both models wrote; its few test rows allow no praise.
    assert page.inner_text("#run-headline .headline-sentence").split("\n")[-1].startswith("Perplexity ")
    assert page.locator("#run-headline-answers li").count() > 0
    assert page.get_attribute("#run-headline", "data-conclusion") in ("cannot_tell", "not_yet")
    assert page.locator(".verdict-good").count() == 0
    page.wait_for_selector("#panel-confusion-button", state="hidden")
    assert page.is_hidden("#panel-confusion-button") and page.is_hidden("#panel-labels-button")
    wide = "each => each.querySelector('svg.main-svg').getBoundingClientRect().width <= each.clientWidth + 1"
    page.wait_for_selector(".chart-plot svg.main-svg")
    drawn = page.locator(".chart:not([hidden]) .chart-plot").element_handles()
    assert len(drawn) == 7
    for item in drawn:
        item.wait_for_selector("svg.main-svg")
        assert item.evaluate(wide)
    page.screenshot(path=tmp_path / "run.png", full_page=True)
    page.click("#panel-examples-button")
    page.wait_for_selector("#written-answers li")
    first = page.inner_text("#written-answers li:first-child")
    assert "Base model" in first and "Tuned model" in first and "In the data" in first
    page.wait_for_selector("#written-samples li")
    assert page.is_disabled("#samples-later") and page.is_enabled("#samples-earlier")
    last = page.inner_text("#written-samples li:first-child .written-tuned")
    page.click("#samples-step input")
    page.locator("#samples-step [role=option]").first.click()
    page.wait_for_selector("#samples-earlier[disabled]")
    # The validation rows of this file ask one and the same question, and a question is shown once.
    assert page.locator("#written-samples li").count() == 1
    assert page.inner_text("#written-samples li:first-child .written-tuned") != last
    page.screenshot(path=tmp_path / "answers.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == [] and watched.foreign == []


def test_wizard_previews_the_loss_mask(signed_in, tuned, tmp_path: Path) -> None:
    watched = signed_in(NARROW)
    page = watched.open(f"/new?dataset={tuned[0]}&step=review")
    page.wait_for_selector("#supervision .seen-example")
    assert page.locator("#supervision .seen-example").count() == 3
    learned = page.locator("#supervision .seen-text .seen-learned").first.inner_text()
    assert "coming up!" in learned and "<|user|>" not in learned
    assert "No row is cut" in page.inner_text("#supervision-cut")
    page.locator("#supervision").screenshot(path=tmp_path / "supervision.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == []


def test_the_comparison_and_the_lists_show_perplexity(signed_in, tuned, tmp_path: Path) -> None:
    watched = signed_in()
    page = watched.open(f"/compare?runs={tuned[1]}")
    page.wait_for_selector("#compare-metrics table")
    assert "Perplexity (test rows)" in page.inner_text("#compare-metrics")
    page.screenshot(path=tmp_path / "compare.png", full_page=True)
    assert "perplexity" in watched.open("/").inner_text("#home-page")
    page = watched.open("/runs")
    page.wait_for_selector("#runs-page tbody tr")
    assert "perplexity" in page.inner_text("#runs-page")
    assert watched.complaints == []
