"""The Compare page: links that only this computer can open, runs of others, and what a link's page may ask for."""

import json

import pytest
from playwright.sync_api import expect

from app.models import new_id
from app.services.accounts import accounts
from studio_ui.pages.compare_share import is_loopback, loopback_warning
from tests.factories import make_run, make_version


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "studio.localhost"])
def test_addresses_of_this_computer_alone_are_warned_about(host):
    address = f"http://[{host}]:7860" if ":" in host else f"http://{host}:7860"
    assert is_loopback(host) and "STUDIO_PUBLIC_URL" in json.dumps(loopback_warning(address))


@pytest.mark.parametrize("host", ["studio.example.org", "192.168.1.20", "localhost.example.org"])
def test_addresses_that_others_reach_are_not(host):
    assert loopback_warning(f"https://{host}") == []


def test_runs_of_another_person_are_not_found(signed_in, studio):
    other = accounts.add_user(f"stranger {new_id()}").id
    run = make_run(other, make_version(other), "Theirs")
    page = signed_in().open(f"/compare?runs={run.id}")
    expect(page.locator(".empty a[href='/runs']")).to_be_visible()
    expect(page.locator(".empty-title")).to_contain_text(run.id)
    expect(page.locator("#content")).not_to_contain_text("Theirs")
