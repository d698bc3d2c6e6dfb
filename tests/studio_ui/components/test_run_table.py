"""The table of runs: what its server functions answer, and choosing rows with mouse and keyboard."""

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.errors import NotFound, Rejected
from app.models import Job, Run, new_id
from app.services.runs import run_table, runs
from studio_ui.components.run_table import change_runs, forget_view, read_choices, read_rows, save_view
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user, make_version


@pytest.fixture
def three(owner: str) -> list[str]:
    """Three waiting runs on the same data, oldest first."""
    place = make_version(owner)
    return [make_run(owner, place, f"Try {number}").id for number in range(3)]


def test_only_changed_rows_are_sent_again(owner, three):
    first = read_rows(owner, {"view": {}})
    assert first["order"] == three[::-1] and first["total"] == first["active"] == 3 and first["next"] is None
    known = {row["id"]: row["digest"] for row in first["rows"]}
    assert read_rows(owner, {"view": {}, "known": known})["rows"] == []
    run_table.mark(owner, three[1], starred=True)
    again = read_rows(owner, {"view": {}, "known": known})
    assert [row["id"] for row in again["rows"]] == [three[1]] and again["order"] == first["order"]


def test_pages_follow_the_cursor_and_filters_the_address(owner, three):
    run_table.mark(owner, three[0], tags=["keeper"])
    page = read_rows(owner, {"view": {"sort": "name", "order": "up"}, "limit": 2})
    rest = read_rows(owner, {"view": {"sort": "name", "order": "up"}, "limit": 2, "cursor": page["next"]})
    assert page["order"] + rest["order"] == three
    assert read_rows(owner, {"view": {"tag": "keeper"}})["order"] == [three[0]]
    assert read_rows(owner, {"view": {"state": "succeeded"}})["order"] == []
    with pytest.raises(Rejected, match="cannot be sorted"):
        read_rows(owner, {"view": {"sort": "owner"}})


def test_runs_of_others_are_neither_shown_nor_changed(owner, three):
    other = make_user("carol")
    assert read_rows(other, {"view": {}, "chosen": three})["chosen"] == [] == read_rows(other, {"view": {}})["order"]
    for name, value in (("star", True), ("tag", "mine"), ("archive", True), ("stop", None), ("delete", "all")):
        answer = change_runs(other, {"name": name, "ids": three[:1], "value": value})
        assert answer["done"] == [] and "There is no run" in answer["refused"][0] and "Try" not in answer["refused"][0]
    run = runs.get_run(owner, three[0])
    assert not run.starred and run.tags == [] and run.job.cancel_requested_at is None


def test_refusal_is_reported_and_does_not_stop_the_others(owner, three):
    end_run(three[1], rows_right(9, 10), rows_right(5, 10))
    answer = change_runs(owner, {"name": "delete", "ids": three[:2], "value": "all"})
    assert answer["done"] == [three[1]] and answer["message"].startswith("1 run deleted")
    assert answer["refused"] == ["Try 0: This run is still active. Stop it first, then delete it."]
    with transaction() as session:
        assert session.get(Run, three[1]) is None


def test_delete_needs_a_choice_and_changes_a_name(owner, three):
    answer = change_runs(owner, {"name": "delete", "ids": three[:1]})
    assert answer["done"] == [] and "not said what to delete" in answer["refused"][0]
    with pytest.raises(Rejected, match="cannot be changed like this"):
        change_runs(owner, {"name": "drop", "ids": three})


def test_tags_are_added_and_offered_as_filter(owner, three):
    run_table.mark(owner, three[0], tags=["old"])
    change_runs(owner, {"name": "tag", "ids": three[:2], "value": "new"})
    assert [runs.get_run(owner, run).tags for run in three] == [["old", "new"], ["new"], []]
    offered = read_choices(owner, {})["options"]
    assert offered["tag"] == [("new", "new"), ("old", "old")] and offered["method"] == [("lora", "LoRA")]


def test_views_are_kept_and_forgotten_by_their_owner(owner):
    [view] = save_view(owner, {"name": "Best", "view": {"starred": "true"}})
    assert read_choices(owner, {})["views"] == [view]
    with pytest.raises(NotFound):
        forget_view(make_user("carol"), {"id": view["id"]})
    assert forget_view(owner, {"id": view["id"]}) == []


def test_rows_are_chosen_by_range_and_keyboard_and_stay_chosen_after_a_reload(signed_in, studio):
    place = make_version(studio.owner)
    name = f"Row {new_id()}"
    ids = [make_run(studio.owner, place, f"{name} {number}").id for number in range(5)][::-1]
    watched = signed_in()
    page = watched.open(f"/runs?q={name}")
    page.check(f"[data-run='{ids[0]}']")
    page.click(f"[data-run='{ids[2]}']", modifiers=["Shift"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    compare, chosen = page.locator("#runs-compare"), page.locator("[data-run]:checked")
    expect(compare).to_have_text("Compare 4 selected")
    page.reload()
    expect(chosen).to_have_count(4)
    expect(compare).to_have_text("Compare 4 selected")
    assert chosen.evaluate_all("all => all.map((box) => box.dataset.run)") == ids[:4]
    expect(page.locator("#runs-stopping")).to_be_visible()
    page.check("#runs-all")
    expect(compare).to_have_text("Compare 5 selected")
    # A live row changes under the focus, which stays.
    page.focus(f"[data-run='{ids[1]}']")
    with transaction() as session:
        job = session.get_one(Job, runs.get_run(studio.owner, ids[1]).job_id)
        job.state, job.started_at, job.phase, job.progress = (
            "running",
            1000.0,
            "Training",
            {"step": 1, "total_steps": 2},
        )
    expect(page.locator(f"tr[data-id='{ids[1]}']")).to_contain_text("50 % · Training")
    expect(page.locator(f"[data-run='{ids[1]}']")).to_be_focused()
    compare.click()
    page.wait_for_url("**/compare?runs=*")
    page.go_back()
    expect(compare).to_have_text("Compare 5 selected")
    expect(page.locator("#runs-search")).to_have_value(name)
    assert watched.complaints == []


def test_rows_beyond_one_answer_of_the_server_are_asked_for(signed_in, studio, monkeypatch):
    place = make_version(studio.owner)
    name = f"Many {new_id()}"
    for number in range(5):
        make_run(studio.owner, place, f"{name} {number}")
    monkeypatch.setattr(run_table, "MAX_ROWS", 2)
    page = signed_in().open(f"/runs?q={name}")
    expect(page.locator("#runs-status")).to_contain_text("5 of 5 runs")
    expect(page.locator("#runs-table tbody tr")).to_have_count(5)
    expect(page.locator("#runs-more")).to_be_hidden()
