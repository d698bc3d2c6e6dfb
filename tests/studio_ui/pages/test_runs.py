"""The table of runs in Chromium: more rows on demand, filters in the address, stars, tags and kept views."""

import pytest

from app.services.runs import run_table
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version
from tests.studio_ui.conftest import NARROW


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
    page.wait_for_selector("#runs-table tbody tr")
    assert page.locator("#runs-table tbody tr").count() == 50
    page.click("#runs-more")
    page.wait_for_function("document.querySelectorAll('#runs-table tbody tr').length === 60")
    page.select_option("#runs-state", "succeeded")
    page.wait_for_function("document.querySelectorAll('#runs-table tbody tr').length === 2")
    page.click("#runs-table th[data-key=duration] .sort")
    page.wait_for_selector("#runs-table th[data-key=duration][aria-sort=ascending]")
    page.wait_for_function(f"document.querySelector('#runs-table tbody tr').dataset.id === '{many[1]}'")
    other = watched.page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#runs-table tbody tr")
    assert other.locator("#runs-table tbody tr").first.get_attribute("data-id") == many[1]
    assert other.input_value("#runs-state") == "succeeded"
    other.close()
    assert watched.complaints == []


def test_stars_tags_notes_and_kept_views(signed_in, many):
    watched = signed_in()
    page = watched.open("/runs?state=succeeded")
    page.wait_for_selector(f"tr[data-id='{many[0]}'] .sparkline polyline")
    assert "The one from Monday" in page.inner_text(f"tr[data-id='{many[0]}']")
    page.click(f"tr[data-id='{many[1]}'] .star")
    page.wait_for_selector(f"tr[data-id='{many[1]}'] .star[aria-pressed=true]")
    page.click("#runs-starred")
    page.wait_for_function("document.querySelectorAll('#runs-table tbody tr').length === 1")
    page.click("#runs-save-view")
    page.fill("#ask-text", "My best")
    page.click(".page-dialog .primary")
    page.click("#runs-starred")
    page.wait_for_selector(f"tr[data-id='{many[0]}']")
    page.click(f"tr[data-id='{many[0]}'] .tag")
    page.wait_for_url("**tag=keeper*")
    page.select_option("#runs-views", label="My best")
    page.wait_for_url("**starred=true*")
    page.wait_for_function(f"document.querySelector('#runs-table tbody tr')?.dataset.id === '{many[1]}'")
    page.check(f"[data-run='{many[1]}']")
    assert page.inner_text("#runs-starring") == "Unstar" and page.is_hidden("#runs-stopping")
    page.click("#runs-tagging")
    page.fill("#ask-text", "second")
    page.click(".page-dialog .primary")
    page.wait_for_selector(f"tr[data-id='{many[1]}'] .tag:has-text('second')")
    assert watched.complaints == []
    views_are_found_in_another_browser(signed_in())


def views_are_found_in_another_browser(watched):
    """What was kept is there; what an earlier release kept in this browser comes along; and a view can be forgotten."""
    page = watched.page
    older = '[{"name": "Old one", "view": {"method": "lora"}}]'
    page.add_init_script(f"sessionStorage.once ??= localStorage.setItem('studio-run-views', '{older}') || 'done'")
    watched.open("/runs")
    page.wait_for_selector("#runs-views option:has-text('Old one')", state="attached")
    page.select_option("#runs-views", label="My best")
    page.wait_for_url("**starred=true*")
    page.click("#runs-forget-view")
    page.wait_for_function("![...document.querySelectorAll('#runs-views option')].some((o) => o.text === 'My best')")
    assert page.evaluate("localStorage.getItem('studio-run-views')") is None
    page.reload()
    page.wait_for_selector("#runs-views option:has-text('Old one')", state="attached")
    assert page.locator("#runs-views option").count() == 2 and watched.complaints == []


def test_runs_are_filtered_by_method_and_data_and_stopped_together(signed_in, many):
    watched = signed_in()
    page = watched.open("/runs?sort=starred")
    page.wait_for_selector(
        f"tr[data-id='{many[0]}'] .best-badge, #runs-table th[data-key=starred][aria-sort=descending]"
    )
    page.wait_for_selector("#runs-method option[value=lora]", state="attached")
    assert "Letters" in page.inner_text("#runs-dataset")
    page.select_option("#runs-method", "lora")
    page.wait_for_url("**method=lora*")
    page.fill("#runs-search", "Try 59")
    page.wait_for_function("document.querySelectorAll('#runs-table tbody tr').length === 1")
    page.check(f"[data-run='{many[59]}']")
    page.click("#runs-stopping")
    page.click(".dialog .stop")
    page.wait_for_selector(f"tr[data-id='{many[59]}'] .state-cancelled")
    assert watched.complaints == []


def test_archived_runs_leave_and_come_back(signed_in, many):
    page = signed_in(NARROW).open("/runs?state=succeeded")
    page.wait_for_selector(f"tr[data-id='{many[0]}']")
    page.check(f"[data-run='{many[0]}']")
    page.click("#runs-archive")
    page.wait_for_selector(f"tr[data-id='{many[0]}']", state="detached")
    page.select_option("#runs-archived", "only")
    page.check(f"[data-run='{many[0]}']")
    page.click("#runs-archive:has-text('Bring back')")
    page.wait_for_selector("#runs-status:has-text('No run fits')")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_chosen_runs_are_deleted_after_a_choice(signed_in, studio, many):
    run = make_run(studio.owner, name="Away with it")
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    page = signed_in().open("/runs?q=Away")
    page.check(f"[data-run='{run.id}']")
    page.click("#runs-deleting")
    page.check(".choose-one input[value=all]")
    page.click(".dialog .stop")
    page.wait_for_selector("#runs-status:has-text('No run fits')")
