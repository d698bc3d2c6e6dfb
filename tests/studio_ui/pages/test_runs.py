"""The table of runs in Chromium: more rows on demand, filters in the address, stars, tags and kept views."""

import pytest
from playwright.sync_api import expect

from app.models import new_id
from app.services.runs import run_table, saved_views
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version
from tests.studio_ui.conftest import NARROW, expect_to_fit


@pytest.fixture(scope="module")
def many(studio):
    """Sixty runs; the first two have ended."""
    place = make_version(studio.owner)
    ids = [make_run(studio.owner, place, f"Try {number}").id for number in range(60)]
    end_run(ids[0], rows_right(9, 10), rows_right(5, 10))
    end_run(ids[1], rows_right(8, 10), rows_right(5, 10), seconds=20)
    run_table.mark(studio.owner, ids[0], tags=["keeper"], note="The one from Monday")
    return ids


def test_rows_filters_and_order_live_in_the_address(signed_in, many):
    watched = signed_in()
    page = watched.open("/runs")
    rows = page.locator("#runs-table tbody tr")
    expect(rows).to_have_count(50)
    page.click("#runs-more")
    expect(rows).to_have_count(60)
    page.select_option("#runs-state", "succeeded")
    expect(rows).to_have_count(2)
    page.click("#runs-table th[data-key=duration] .sort")
    expect(page.locator("#runs-table th[data-key=duration]")).to_have_attribute("aria-sort", "ascending")
    expect(rows.first).to_have_attribute("data-id", many[1])
    other = watched.page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#runs-table tbody tr").first).to_have_attribute("data-id", many[1])
    expect(other.locator("#runs-state")).to_have_value("succeeded")
    other.close()
    assert watched.complaints == []


def test_stars_tags_notes_and_kept_views(signed_in, studio, many):
    run_table.mark(studio.owner, many[1], starred=False, tags=[])
    for view in saved_views.list_views(studio.owner):
        saved_views.remove(studio.owner, view["id"])
    watched = signed_in()
    page = watched.open("/runs?state=succeeded")
    first, second = (page.locator(f"tr[data-id='{run}']") for run in many[:2])
    rows = page.locator("#runs-table tbody tr")
    expect(first.locator(".sparkline polyline")).to_have_count(1)
    expect(first).to_contain_text("The one from Monday")
    second.locator(".star").click()
    expect(second.locator(".star")).to_have_attribute("aria-pressed", "true")
    page.click("#runs-starred")
    expect(rows).to_have_count(1)
    page.click("#runs-save-view")
    page.fill("#ask-text", "My best")
    page.click(".page-dialog .primary")
    expect(page.locator("#runs-views option", has_text="My best")).to_have_count(1)
    page.click("#runs-starred")
    expect(first).to_be_visible()
    first.locator(".tag").click()
    page.wait_for_url("**tag=keeper*")
    expect(second).to_have_count(0)
    page.select_option("#runs-views", label="My best")
    page.wait_for_url("**starred=true*")
    expect(rows).to_have_count(1)
    expect(second).to_be_visible()
    page.check(f"[data-run='{many[1]}']")
    expect(page.locator("#runs-starring")).to_have_text("Unstar")
    expect(page.locator("#runs-stopping")).to_be_hidden()
    page.click("#runs-tagging")
    page.fill("#ask-text", "second")
    page.click(".page-dialog .primary")
    expect(second.locator(".tag")).to_have_text("second")
    assert watched.complaints == []
    views_are_found_in_another_browser(signed_in())


def views_are_found_in_another_browser(watched):
    """What was kept is there; what an earlier release kept in this browser comes along; and a view can be forgotten."""
    page = watched.page
    older = '[{"name": "Old one", "view": {"method": "lora"}}]'
    page.add_init_script(f"sessionStorage.once ??= localStorage.setItem('studio-run-views', '{older}') || 'done'")
    watched.open("/runs")
    options = page.locator("#runs-views option")
    expect(options.filter(has_text="Old one")).to_have_count(1)
    page.select_option("#runs-views", label="My best")
    page.wait_for_url("**starred=true*")
    page.click("#runs-forget-view")
    expect(options.filter(has_text="My best")).to_have_count(0)
    page.wait_for_function("localStorage.getItem('studio-run-views') === null")
    page.reload()
    expect(options.filter(has_text="Old one")).to_have_count(1)
    expect(options).to_have_count(2)
    assert watched.complaints == []


def test_runs_are_filtered_by_method_and_data_and_stopped_together(signed_in, studio, many):
    watched = signed_in()
    page = watched.open("/runs?sort=starred")
    expect(page.locator("#runs-table th[data-key=starred]")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#runs-method option[value=lora]")).to_have_count(1)
    expect(page.locator("#runs-dataset")).to_contain_text("Letters")
    page.select_option("#runs-method", "lora")
    page.wait_for_url("**method=lora*")
    run = make_run(studio.owner, name=f"Stopped {new_id()}")
    page.fill("#runs-search", run.name)
    expect(page.locator("#runs-table tbody tr")).to_have_count(1)
    page.check(f"[data-run='{run.id}']")
    page.click("#runs-stopping")
    page.click(".dialog .stop")
    expect(page.locator(f"tr[data-id='{run.id}'] .state-cancelled")).to_be_visible()
    assert watched.complaints == []


def test_archived_runs_leave_and_come_back(signed_in, studio):
    run = make_run(studio.owner, name=f"Archived {new_id()}")
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    page = signed_in(NARROW).open(f"/runs?q={run.name}")
    row = page.locator(f"tr[data-id='{run.id}']")
    page.check(f"[data-run='{run.id}']")
    page.click("#runs-archive")
    expect(row).to_have_count(0)
    page.select_option("#runs-archived", "only")
    page.check(f"[data-run='{run.id}']")
    page.click("#runs-archive:has-text('Bring back')")
    expect(page.locator("#runs-status")).to_contain_text("No run fits")
    expect_to_fit(page)


def test_chosen_runs_are_deleted_after_a_choice(signed_in, studio, many):
    run = make_run(studio.owner, name=f"Away with it {new_id()}")
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    page = signed_in().open(f"/runs?q={run.name}")
    page.check(f"[data-run='{run.id}']")
    page.click("#runs-deleting")
    page.check(".choose-one input[value=all]")
    page.click(".dialog .stop")
    expect(page.locator("#runs-status")).to_contain_text("No run fits")
