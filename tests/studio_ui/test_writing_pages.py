"""Runs that write, in Chromium: the preview before, perplexity and answers side by side after; nothing of labels."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.services.datasets import datasets
from app.services.runs import runs
from tests.studio_ui.conftest import NARROW, Studio, expect_to_fit
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
    expect(page.locator("#tile-perplexity .delta")).to_be_visible()
    expect(page.locator("#tile-perplexity")).to_contain_text("base model")
    expect(page.locator("#tile-accuracy, #tile-baselines")).to_have_count(0)
    # The sentence comes first, with what both models wrote; its few test rows allow no praise.
    expect(page.locator("#run-headline .headline-sentence")).to_have_text(re.compile(r"^\W*Perplexity "))
    expect(page.locator("#run-headline-answers li")).not_to_have_count(0)
    expect(page.locator("#run-headline")).to_have_attribute("data-conclusion", re.compile("cannot_tell|not_yet"))
    expect(page.locator(".verdict-good")).to_have_count(0)
    expect(page.locator("#panel-confusion-button")).to_be_hidden()
    expect(page.locator("#panel-labels-button")).to_be_hidden()
    drawn = page.locator(".chart:not([hidden]) .chart-plot")
    expect(drawn).to_have_count(7)
    wide = "(plot) => plot.querySelector('svg.main-svg')?.getBoundingClientRect().width <= plot.clientWidth + 1"
    for item in drawn.element_handles():
        item.scroll_into_view_if_needed()
        page.wait_for_function(wide, arg=item)
    page.screenshot(path=tmp_path / "run.png", full_page=True)
    page.click("#panel-examples-button")
    first = page.locator("#written-answers li").first
    for words in ("Base model", "Tuned model", "In the data"):
        expect(first).to_contain_text(words)
    samples = page.locator("#written-samples li")
    # The validation rows of this file ask one and the same question, and a question is shown once.
    expect(samples).to_have_count(1)
    expect(page.locator("#samples-later")).to_be_disabled()
    expect(page.locator("#samples-earlier")).to_be_enabled()
    last = samples.locator(".written-tuned").inner_text()
    page.click("#samples-step input")
    page.locator("#samples-step [role=option]").first.click()
    expect(page.locator("#samples-earlier")).to_be_disabled()
    expect(samples).to_have_count(1)
    expect(samples.locator(".written-tuned")).not_to_have_text(last, use_inner_text=True)
    page.screenshot(path=tmp_path / "answers.png", full_page=True)
    expect_to_fit(page)
    assert watched.complaints == [] and watched.foreign == []


def test_wizard_previews_the_loss_mask(signed_in, tuned, tmp_path: Path) -> None:
    watched = signed_in(NARROW)
    page = watched.open(f"/new?dataset={tuned[0]}&step=review")
    expect(page.locator("#supervision .seen-example")).to_have_count(3)
    learned = page.locator("#supervision .seen-text .seen-learned").first
    expect(learned).to_contain_text("coming up!")
    expect(learned).not_to_contain_text("<|user|>")
    expect(page.locator("#supervision-cut")).to_contain_text("No row is cut")
    page.locator("#supervision").screenshot(path=tmp_path / "supervision.png")
    expect_to_fit(page)
    assert watched.complaints == []


def test_the_comparison_and_the_lists_show_perplexity(signed_in, tuned, tmp_path: Path) -> None:
    watched = signed_in()
    page = watched.open(f"/compare?runs={tuned[1]}")
    expect(page.locator("#compare-metrics")).to_contain_text("Perplexity (test rows)")
    page.screenshot(path=tmp_path / "compare.png", full_page=True)
    expect(watched.open("/").locator("#home-page")).to_contain_text("perplexity", ignore_case=True)
    expect(watched.open("/runs").locator("#runs-page")).to_contain_text("perplexity", ignore_case=True)
    assert watched.complaints == []
