"""The run page: what its parts say, what survives a reload, keyboard, and what somebody else's id shows."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Job, Run, new_id
from app.services.runs.run_details import describe
from app.services.runs.runs import get_run
from studio_ui.components.nodes import is_element
from studio_ui.pages.run import header, learning_curves, verdict_part
from studio_ui.pages.run.config import config, rate_words, setting_words
from studio_ui.pages.run.files import files
from studio_ui.pages.run.scores import label_scores
from studio_ui.pages.run.tiles import number
from studio_ui.pages.run.wanted import wanted_run
from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_user, make_version, measured
from tests.studio_ui.conftest import NARROW

LABELS = ["appointment", "billing question", "prescription refill", "test results", "insurance", "complaint", "other"]


def words(node) -> str:
    """All text of a description."""
    if isinstance(node, str):
        return node
    return "".join(words(item) for item in (node[2:] if is_element(node) else node))


def start(run_id: str, **progress: float) -> None:
    with transaction() as session:
        job = session.get_one(Job, session.get_one(Run, run_id).job_id)
        job.state, job.phase, job.started_at, job.progress = "running", "Training", 1000.0, progress


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        ({"eta_seconds": 1.4, "step": 3, "total_steps": 4}, "about 1.4 s of training, then the test"),
        ({"eta_seconds": 0.0, "step": 4, "total_steps": 4}, "training is done; the test is on its way"),
        ({}, "not known yet"),
    ],
)
def test_time_left_never_leaves_out_the_test(owner: str, progress: dict[str, float], expected: str) -> None:
    run = make_run(owner)
    start(run.id, **progress)
    content = header.live(owner, {"id": run.id})
    assert content.again == 1.0 and expected in words(content.nodes)


def test_run_of_somebody_else_is_not_found(owner: str) -> None:
    run = make_run(make_user())
    content = header.live(owner, {"id": run.id})
    assert "There is no run" in words(content.nodes) and content.again is None
    assert header.about(owner, {"id": run.id}) == ""


def test_config_names_the_learning_rate_that_was_used(owner: str) -> None:
    run = make_run(owner, spec={**SPEC, "training": {"epochs": 3, "learning_rate": None, "time_limit_minutes": None}})
    assert "known once training has started" in words(config(owner, {"id": run.id}).nodes)
    with transaction() as session:
        measured(session, run.id, {"train/learning_rate": [(1, 1e-4), (2, 3e-4), (3, 2e-4)]})
    text = words(config(owner, {"id": run.id}).nodes)
    assert "0.0003 (recommended for this method)" in text
    assert "Time limit (minutes)none" in text
    assert "Epochs" not in words(config(owner, {"id": run.id, "changed": "1"}).nodes)


@pytest.mark.parametrize(
    ("kind", "metrics", "label"),
    [
        ("text-classification", {"accuracy": 0.9}, "Right answers that your purpose needs"),
        ("multi-label-classification", {"micro_f1": 0.9}, "Micro-F1 that your purpose needs"),
        ("token-classification", {"f1": 0.9}, "Entity F1 that your purpose needs"),
        ("regression", {"pearson": 0.9}, "Pearson correlation that your purpose needs0.700.800.90"),
    ],
)
def test_choice_of_what_is_needed_names_the_score(owner: str, kind: str, metrics: dict, label: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        session.get_one(Run, run.id).task_type = kind
    details = replace(
        describe(get_run(owner, run.id)), state="succeeded", results={"metrics": metrics, "test_rows": 100}
    )
    sentence = verdict_part.sentence_of(details, {})
    assert sentence is not None and label in words(verdict_part.sentence_nodes(owner, details, sentence))


def test_values_are_shown_as_people_read_them() -> None:
    assert rate_words("auto", 0.003) == "0.003 (found by the search)"
    assert [setting_words(value) for value in (True, None, [1, 2], 0.5)] == ["yes", "the method's own", "1, 2", "0.5"]
    assert number(None) == "–" and number(float("nan")) == "not a number" and number(0.00012345) == "0.000123"


def test_curves_are_sent_once_and_then_only_what_is_new(owner: str) -> None:
    run = make_run(owner)
    start(run.id, total_steps=40)
    with transaction() as session:
        measured(session, run.id, {"train/loss": [(1, 2.0), (2, 1.5)]})
    first = learning_curves.read_curves(owner, {"id": run.id}, None)
    assert [point[:2] for point in first.points["train/loss"]] == [[1, 2.0], [2, 1.5]]
    assert first.again == 1.0 and first.charts and first.marks == []
    with transaction() as session:
        measured(session, run.id, {"train/loss": [(3, 1.2)], "eval/loss": [(3, 1.3)]})
    news = learning_curves.read_curves(owner, {"id": run.id}, first.after)
    assert news.points["train/loss"][0][:2] == [3, 1.2] and len(news.points["train/loss"]) == 1
    assert news.charts is None and news.marks == []
    assert learning_curves.read_curves(owner, {"id": run.id}, news.after).points == {}


def test_labels_are_sorted_by_what_the_address_says(owner: str) -> None:
    run = make_run(owner)
    rows = [
        {"label": "no", "f1": 0.5, "precision": 0.4, "recall": 0.6, "count": 9},
        {"label": "yes", "f1": 0.8, "precision": 0.9, "recall": 0.7, "count": 5},
    ]
    end_run(run.id, rows_right(9, 10), rows_right(5, 10), per_class=rows)
    for query, first in (({}, "no"), ({"sort": "f1", "down": "1"}, "yes"), ({"sort": "count", "down": "1"}, "no")):
        text = words(label_scores(owner, {"id": run.id, **query}).nodes)
        assert min(("no50.0 %", "yes80.0 %"), key=lambda item: text.index(item)).startswith(first), query


def test_files_of_a_finished_run_name_what_is_inside(owner: str) -> None:
    run = make_run(owner)
    assert "can be downloaded here once" in words(files(owner, {"id": run.id}).nodes)
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    text = words(files(owner, {"id": run.id}).nodes)
    assert "about 1.0 MB before packing" in text and "adapter_model.safetensors" in text and "Merge" in text


@pytest.fixture(scope="module")
def ended(studio) -> str:
    """A finished run of seven labels."""
    run = make_run(studio.owner, make_version(studio.owner), "Seven labels", {**SPEC, "labels": LABELS})
    counts = [[40 if at == to else (at + to) % 3 for to in range(7)] for at in range(7)]
    end_run(run.id, rows_right(70, 100), rows_right(50, 100), confusion=counts, labels=LABELS)
    return run.id


def test_a_cell_of_the_matrix_shows_its_rows_and_the_address_keeps_them(signed_in, studio):
    run = make_run(studio.owner, make_version(studio.owner), "Two labels")
    end_run(run.id, rows_right(70, 100), rows_right(50, 100), confusion=[[35, 15], [15, 35]])
    watched = signed_in()
    page = watched.open(f"/run?id={run.id}#confusion")
    page.get_by_role("button", name="15 of “no” answered “yes”; show these rows").click()
    rows = page.locator("#examples-table tbody tr")
    expect(page.locator("#panel-examples")).to_contain_text("Expected “no”, answered “yes”")
    expect(rows).to_have_count(15)
    expect(page).to_have_url(re.compile("#examples$"))
    page.reload()
    expect(rows).to_have_count(15)
    page.click("#examples-all-labels")
    expect(page.locator("#panel-examples [role=status]")).to_have_text("30 of 30 rows shown.")
    page.get_by_label("Search the questions and texts").fill("letter 99")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("find=letter[+]99"))
    page.click("[data-only=right]")
    expect(page.locator("#panel-examples [role=status]")).to_have_text("No row fits what is asked for above.")
    assert watched.complaints == []


def test_seven_labels_are_all_in_sight_on_a_phone_too(signed_in, ended):
    for size in (None, NARROW):
        page = (signed_in(size) if size else signed_in()).open(f"/run?id={ended}#confusion")
        expect(page.locator("#confusion-matrix tbody tr")).to_have_count(7)
        box = page.locator("#confusion-matrix .table-box").element_handle()
        page.wait_for_function("(box) => box.scrollWidth - box.clientWidth <= 1", arg=box)


def test_tabs_answer_to_arrow_keys_and_are_kept_in_the_address(signed_in, ended):
    page = signed_in().open(f"/run?id={ended}#config")
    groups = page.locator("#panel-config .config-groups")
    expect(groups).to_contain_text("Fingerprint")
    page.focus("#panel-config-button")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#checkpoints")
    expect(page.locator("#panel-checkpoints-button")).to_be_focused()
    page.click("#panel-config-button")
    page.get_by_label("Only what was changed from the default").check()
    expect(groups).not_to_contain_text("Fingerprint")
    expect(page).to_have_url(re.compile("changed=1"))
    page.focus("#panel-config-button")
    page.keyboard.press("Home")
    page.wait_for_url("**#curves")


def test_refused_name_comes_back_with_the_reason(signed_in, studio):
    renamed = make_run(studio.owner, make_version(studio.owner), "Seven labels").id
    watched = signed_in()
    page = watched.open(f"/run?id={renamed}")
    name = page.locator("#run-name textarea")
    expect(name).to_be_enabled()
    expect(name).to_have_value("Seven labels")
    name.fill(" ")
    name.press("Enter")
    page.wait_for_selector("[data-testid=toast-text]")
    expect(name).to_have_value("Seven labels")
    name.fill("Seven labels, again")
    name.press("Enter")
    expect(page).to_have_title(re.compile("^Seven labels, again"))
    assert wanted_run(studio.owner, {"id": renamed}).name == "Seven labels, again"
    assert watched.complaints == []


def test_address_of_another_run_says_what_to_do(signed_in, studio):
    run = make_run(make_user(f"somebody else {new_id()}"))
    page = signed_in().open(f"/run?id={run.id}")
    page.wait_for_selector(".run-missing:has-text('There is no run')")
    expect(page.locator("#run-tabs")).to_be_hidden()
    expect(page.locator("#run-name")).to_be_hidden()
    expect(page.get_by_role("link", name="Go to Runs")).to_be_visible()
