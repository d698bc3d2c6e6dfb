"""People, account and audit in the browser."""

import re
import time

from playwright.sync_api import expect

from app.models import new_id
from app.services.accounts import accounts, one_time_codes, people
from app.settings import get_settings
from tests.provider import CLIENT, SECRET, serving


def test_colleague_is_invited_disabled_and_found_in_the_audit_trail(signed_in, studio):
    watched = signed_in()
    page = watched.open("/people")
    name = f"ann {new_id()}"
    page.get_by_label("Name", exact=True).fill(name)
    page.click("#invite-start")
    row = page.locator("#people-table tr", has_text=name)
    expect(row).to_be_visible()
    shown = page.locator("#invite-link :is(input, textarea)")
    expect(shown).to_have_value(re.compile(f"^{studio.address}/.*token="))
    user, cookie = accounts.redeem_sign_in_link(shown.input_value().partition("token=")[2])
    assert user.name == name
    row.get_by_role("button", name="Disable").click()
    page.click("dialog button:has-text('Disable')")
    expect(row).to_contain_text("disabled")
    assert accounts.user_for_session(cookie) is None
    page = watched.open("/audit?action=disable")
    expect(page.locator("#audit-table")).to_contain_text(name)
    expect(page.locator("#audit-chain")).to_contain_text("chain is whole")
    page = watched.open("/people")
    row.get_by_role("button", name="Delete").click()
    page.click("dialog button:has-text('Delete for good')")
    expect(row).to_have_count(0)
    assert name not in {person.name for person in people.list_people(studio.owner)} and watched.complaints == []


def test_member_is_reported_that_people_are_for_administrators(signed_in, studio, browser):
    member, token = people.invite(studio.owner, f"eve {new_id()}")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.address}/sign-in?token={token}")
    page.wait_for_url(f"{studio.address}/")
    for path, box in (("/people", "#people"), ("/audit", "#audit")):
        page.goto(studio.address + path)
        expect(page.locator(f"{box} [data-code=role]")).to_contain_text("administrator")
    context.close()
    assert people.get_person(member.id).sessions == 1


def test_token_is_shown_once_and_revoked(signed_in, studio):
    watched = signed_in()
    page = watched.open("/account")
    expect(page.locator("#sessions-table")).to_contain_text("this browser")
    name = f"laptop {new_id()}"
    page.get_by_label("What the token is for").fill(name)
    page.click("#token-make")
    row = page.locator("#tokens-table tr", has_text=name)
    expect(row).to_be_visible()
    shown = page.locator("#token-shown :is(input, textarea)")
    expect(shown).to_have_value(re.compile(".{20}"))
    bearer = shown.input_value()
    used = accounts.user_for_token(bearer)
    assert used is not None and used.user.id == studio.owner
    row.get_by_role("button", name="Revoke").click()
    page.click("dialog button:has-text('Revoke')")
    expect(row).to_have_count(0)
    assert accounts.user_for_token(bearer) is None and watched.complaints == []


def test_password_and_second_factor_are_set_up_and_sign_in_after_signing_out(signed_in, studio, browser):
    name = f"cleo {new_id()}"
    person, token = people.invite(studio.owner, name)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.address}/sign-in?token={token}")
    page.wait_for_url(f"{studio.address}/")
    page.goto(f"{studio.address}/account")
    for label in ("New password, 12 characters or more", "The new password again"):
        page.get_by_label(label).fill("four words never together")
    page.click("button:has-text('Set a password')")
    page.wait_for_selector("button:has-text('Change the password')")
    page.locator(".sign-in-cards section").nth(1).get_by_label("Present password").fill("four words never together")
    page.click("button:has-text('Set up an authenticator')")
    page.wait_for_function("document.querySelector('#factor-code')?.naturalWidth > 150")
    secret = page.inner_text("#factor-new code").replace(" ", "")
    page.get_by_label("Code", exact=True).fill(one_time_codes.code_at(secret, int(time.time()) // 30))
    page.click("button:has-text('Turn on')")
    recovery = page.inner_text("#recovery-codes").split()
    assert len(recovery) == 10
    page.click("form.sign-out button")
    page.wait_for_url(f"{studio.address}/sign-in")
    for label, text in (("Name", name), ("Password", "four words never together"), ("Code", recovery[0])):
        page.get_by_label(label, exact=label != "Code").first.fill(text)
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    page.wait_for_url(f"{studio.address}/")
    assert people.get_person(person.id).has_second_factor
    context.close()


def test_person_signs_in_with_the_provider(browser, studio, monkeypatch):
    with serving() as provider:
        settings = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "TITLE": "Clinic account"}
        for name, value in settings.items():
            monkeypatch.setenv(f"STUDIO_OIDC_{name}", value)
        get_settings.cache_clear()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{studio.address}/sign-in")
        page.get_by_role("link", name="Clinic account").click()
        page.wait_for_url(f"{studio.address}/")
        expect(page.locator(".site-head")).to_contain_text("Ann Beck")
        context.close()
    monkeypatch.undo()
    get_settings.cache_clear()
