"""The Home page: recent runs, the machine, samples, and how little an idle page asks for."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.errors import NotFound
from app.services.datasets import datasets
from app.services.queue import jobs
from studio_ui.components.view import View
from studio_ui.pages.home import recent_runs, this_machine, use_sample
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user, make_version


def request_of(user_id: str) -> SimpleNamespace:
    return SimpleNamespace(scope={"state": {"user_id": user_id}})


def test_progress_is_no_result_and_results_have_names(signed_in, studio):
    place = make_version(studio.owner)
    ended = make_run(studio.owner, place, "Done")
    end_run(ended.id, rows_right(9, 10), rows_right(5, 10))
    working = make_run(studio.owner, place, "Under way")
    claim = jobs.claim(working.job_id, "box:1")
    jobs.begin(claim, pid=1, phase="Training")
    with transaction() as session:
        jobs.note_progress(session, claim, "Training", {"step": 47, "total_steps": 100})
    watched = signed_in()
    page = watched.open("/")
    moving, done = (
        page.locator("#recent-runs li", has=page.locator(f"a[href*='{run}']")) for run in (working.id, ended.id)
    )
    expect(moving).to_contain_text("47 % done")
    expect(moving.locator(".run-list-score")).to_have_count(0)
    expect(done.locator(".run-list-score")).to_have_text(re.compile(r"^\s*Accuracy\s*90\.0\s*%\s*$"))
    expect(done.locator("progress")).to_have_count(0)
    for words in ("ready", "1,000 rows take", "A run needs"):
        expect(page.locator("#machine")).to_contain_text(words)
    assert watched.complaints == [] and watched.foreign == []


def test_idle_home_asks_rarely_and_receives_nothing_new(owner):
    end_run(make_run(owner).id, rows_right(9, 10), rows_right(5, 10))
    assert recent_runs(owner, {}).again == 30.0
    view = View(recent_runs)
    first = view.answer(owner, {})
    again = view.answer(owner, {}, first["digest"])
    assert again == {"same": True, "again": 30.0}
    make_run(owner)
    assert recent_runs(owner, {}).again == 3.0


def test_sample_becomes_ones_own_data_set(owner):
    address = use_sample(request_of(owner), SimpleNamespace(value=datasets.SAMPLES[0].name))
    [dataset] = datasets.list_datasets(owner)
    assert address == f"/datasets?id={dataset.id}" and datasets.list_datasets(make_user("carol")) == []
    with pytest.raises(NotFound):
        use_sample(request_of(owner), SimpleNamespace(value="nothing"))


def test_what_is_wrong_with_the_studio_is_reported(owner, monkeypatch):
    assert "ready" in str(this_machine(owner, {}))
    monkeypatch.setattr("app.services.operations.readiness.os.access", lambda path, mode: False)
    assert "storage not writable" in str(this_machine(owner, {}))
