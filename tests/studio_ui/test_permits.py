"""What a viewer of a project sees in Chromium: no button that would be refused on the click, and why those they see are closed."""

import os

import pytest
from playwright.sync_api import expect

from app.services.accounts import accounts, projects
from app.services.datasets import datasets
from studio_ui.components.nodes import action, el
from studio_ui.permits import NOTED, Permits
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run
from tests.studio_ui.conftest import WIDE

WHY = "You are a viewer of the project “Triage”"


@pytest.fixture(scope="module")
def triage(studio):
    """A project of Ann's with data and a finished run, in which the person of the browser is a viewer."""
    ann = accounts.add_user("Ann").id
    project = projects.create(ann, "Triage").id
    projects.choose(ann, project)
    dataset = datasets.import_sample(ann, "support-requests")
    version = datasets.latest_version(dataset)
    runs = [make_run(ann, (project, version.id), name).id for name in ("First", "Second")]
    for run_id in runs:
        end_run(run_id, rows_right(60, 100), rows_right(50, 100))
    projects.invite(ann, project, studio.owner)
    return dataset.id, runs, project


def _look(page, name):
    if os.environ.get("STUDIO_SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['STUDIO_SCREENSHOTS']}/{name}.png", full_page=True)


def _expect_closed(page, *selectors):
    for selector in selectors:
        button = page.locator(selector)
        expect(button, selector).to_have_attribute("aria-disabled", "true")
        assert WHY in (button.get_attribute("title") or ""), selector


def test_a_viewer_presses_nothing_that_is_refused(signed_in, studio, triage):
    dataset, (first, second), project = triage
    watched = signed_in()
    page = watched.open(f"/run?id={first}")
    _expect_closed(page, "#run-star", "#run-clone", "#run-shootout", "#run-share", "#run-continue")
    expect(page.locator("#run-try")).to_have_attribute("href", f"/playground?models={first}")
    _expect_closed(page, "#run-live button:has-text('cross-validation')")
    expect(page.locator(".role-note").first).to_contain_text("Ask Ann.")
    expect(page.locator("#run-name textarea, #run-name input")).to_be_disabled()
    expect(page.locator("#run-tag-new")).to_have_count(0)
    before = page.url
    page.click("#run-clone", force=True)
    assert page.url == before
    _look(page, "viewer-run")

    page = watched.open(f"/datasets?id={dataset}")
    _expect_closed(page, "#report-tune", "#report-shootout")
    expect(page.locator("#report-preview tbody tr")).not_to_have_count(0)
    expect(
        page.locator("#rows-add, #report-preview .row-actions button, #report-split, #report-mapping")
    ).to_have_count(0)
    page.locator("#report-preview tbody tr td[data-column]").nth(1).dblclick()
    expect(page.locator(".row-editing")).to_have_count(0)
    _expect_closed(page, f"#delete-{dataset}", f"tr[data-id='{dataset}'] .primary")
    # Without a choice, uploads go to the person's own project.
    expect(page.locator("#data-sources")).to_be_visible()
    _look(page, "viewer-data")

    projects.choose(studio.owner, project)
    page = watched.open("/datasets")
    expect(page.locator("#project-row")).to_contain_text(WHY)
    expect(page.locator("#data-sources")).to_have_count(0)
    page = watched.open("/runs")
    page.check(f"[data-run='{first}']")
    expect(page.locator("#runs-deleting")).to_be_disabled()
    assert WHY in page.get_attribute("#runs-deleting", "title")
    expect(page.locator(f"tr[data-id='{first}'] .star")).to_have_attribute("aria-disabled", "true")
    _look(page, "viewer-runs")
    page = watched.open(f"/compare?runs={first},{second}")
    _expect_closed(page, "#compare-share")
    expect(page.locator("#combine")).to_have_count(0)
    page = watched.open(f"/new?dataset={dataset}")
    expect(page.locator("#new-run-page")).to_contain_text(WHY)
    _look(page, "viewer-new")
    assert watched.complaints == []


def test_lists_of_models_follow_the_chosen_project(signed_in, studio, triage):
    projects.choose(studio.owner, "")
    own = make_run(studio.owner, name="Mine").id
    end_run(own, rows_right(60, 100), rows_right(50, 100))
    _dataset, (first, _second), project = triage
    projects.choose(studio.owner, project)
    page = signed_in(WIDE).open("/playground")
    page.click("#playground-models input")
    expect(page.locator("ul [role=option]")).to_have_count(2)
    # A model that the address names is asked, wherever it is.
    page.goto(f"{studio.address}/playground?models={own}")
    expect(page.locator("#pane-0 h2")).to_contain_text("Mine")
    page.goto(f"{studio.address}/compare?runs={first}")
    page.click("#compare-add")
    expect(page.locator("#compare-add-list [role=option]")).to_have_count(1)
    projects.choose(studio.owner, "")


def test_only_what_takes_a_missing_role_is_closed():
    nodes = [
        el("div", action("Stop", "stop", confirm=("?", "!", "Stop"))),
        el("a", "Train", href="/new?clone=1", cls="button"),
        el("a", "Look", href="/runs", id="look"),
        ["button", {"noted": {}}, "Change"],
    ]
    closed = Permits({"editor": "Ask Ann."}).close(nodes, {"stop": "editor", "/new": "editor", NOTED: "owner"})
    assert closed[0][2] == [
        "button",
        {"class": "button", "type": "button", "aria-disabled": "true", "title": "Ask Ann."},
        "Stop",
    ]
    assert closed[1][:1] == ["button"] and "href" not in closed[1][1]
    assert closed[2:] == nodes[2:]
