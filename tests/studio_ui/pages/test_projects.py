"""Projects in the browser: a colleague is invited, a run shared with two clicks, and a viewer sees who may delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, expect

from app.services.accounts import accounts, limits, projects, quotas
from app.services.accounts.quotas import QuotaBounds
from app.services.datasets import datasets
from app.services.runs import runs
from studio_ui.quota_words import disk_limit, run_limits
from tests.app.finished_runs import finish
from tests.factories import make_run
from tests.studio_ui.pages.test_run import words


@contextmanager
def opened_as(browser: Any, studio: Any, user_id: str, path: str) -> Iterator[Page]:
    """A page as another person sees it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.address}/sign-in?token={accounts.create_sign_in_link(user_id)}")
    page.wait_for_url(f"{studio.address}/")
    page.goto(studio.address + path)
    yield page
    context.close()


def test_colleague_is_invited_and_sees_who_may_delete(signed_in: Any, studio: Any, browser: Any) -> None:
    bea = accounts.add_user("bea").id
    team = projects.create(studio.owner, "Ward letters").id
    watched = signed_in()
    page = watched.open(f"/projects?id={team}")
    page.locator("#project-person input").click()
    page.get_by_role("option", name="bea").click()
    page.click("#project-invite-start")
    expect(page.locator("#members-table")).to_contain_text("bea")
    projects.choose(studio.owner, team)
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    projects.choose(studio.owner, "")
    assert watched.complaints == []
    with opened_as(browser, studio, bea, f"/datasets?delete={dataset.id}") as viewed:
        delete = viewed.locator("#data-deletion button.stop")
        expect(delete).to_have_attribute("aria-disabled", "true")
        title = delete.get_attribute("title") or ""
        assert "You are a viewer of the project “Ward letters”" in title and "Ask owner." in title
    assert datasets.get_dataset(bea, dataset.id).project_id == team


def test_run_is_shared_with_two_clicks_and_shown_to_the_colleague(signed_in: Any, studio: Any, browser: Any) -> None:
    cem = accounts.add_user("cem").id
    run = make_run(studio.owner, name="Letters by hand")
    finish(run)
    page = signed_in().open(f"/run?id={run.id}")
    page.click("#run-share")
    page.click("#run-viewers button:has-text('cem')")
    expect(page.locator("#run-viewers .share-items")).to_contain_text("cem")
    with opened_as(browser, studio, cem, f"/run?id={run.id}") as seen:
        expect(seen.locator("#run-star")).to_have_attribute("aria-disabled", "true")
        expect(seen.locator(".role-note").first).to_contain_text("This run was shared with you to look at")
    assert [found.name for found in runs.list_runs(cem)] == ["Letters by hand"]


def test_limits_are_said_before_they_are_reached(owner: str) -> None:
    make_run(owner)
    assert run_limits(limits.usage(owner), "Your runs") == disk_limit(limits.usage(owner), "Yours") == ""
    used = quotas.set_person_quota(owner, owner, QuotaBounds(max_runs=1, max_bytes=1000))
    assert "Your runs: 1 of 1 runs" in words(run_limits(used, "Your runs"))
    assert "Yours: 100 B of 1" in words(disk_limit(used, "Yours"))
    near = quotas.set_person_quota(owner, owner, QuotaBounds(max_bytes=110))
    assert "An administrator can raise it." in words(disk_limit(near, "Yours"))


def test_administrators_limit_people_and_projects_in_the_browser(signed_in: Any, studio: Any) -> None:
    team = projects.create(studio.owner, "Limited ward").id
    dan = accounts.add_user("dan").id
    watched = signed_in()
    page = watched.open("/projects")
    page.get_by_role("button", name="Quota of Limited ward …").click()
    page.fill("#quota-gigabytes", "0.5")
    page.fill("#quota-runs", "3")
    page.get_by_role("button", name="Save the quota").click()
    expect(page.locator(f"#quotas-table tr[data-id='{team}']")).to_contain_text("3 runs, 500 MB")
    used = limits.project_usage(team)
    assert (used.max_active, used.max_hours, used.max_bytes) == (3, 0.0, 500_000_000)
    page.fill("#quota-runs", "")
    page.fill("#quota-gigabytes", "")
    page.get_by_role("button", name="Save the quota").click()
    expect(page.locator(f"#quotas-table tr[data-id='{team}']")).to_contain_text("none")
    page = watched.open(f"/people?quota={dan}")
    expect(page.locator("#quota-form")).to_contain_text("Quota of dan")
    expect(page.locator("#quota-form")).to_contain_text("the studio's setting, 200")
    page.fill("#quota-runs", "0")
    page.get_by_role("button", name="Save the quota").click()
    expect(page.locator("#quota-form dl")).not_to_contain_text("of 200")
    assert limits.usage(dan).max_active == 0 and watched.complaints == []
