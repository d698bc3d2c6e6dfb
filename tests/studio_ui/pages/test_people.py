"""People, account and audit in the browser."""

import time

from app.services.accounts import accounts, one_time_codes, people


def test_colleague_is_invited_disabled_and_found_in_the_audit_trail(signed_in, studio):
    watched = signed_in()
    page = watched.open("/people")
    page.get_by_label("Name", exact=True).fill("ann")
    page.click("#invite-start")
    page.wait_for_selector("#people-table tr:has-text('ann')")
    link = page.input_value("#invite-link :is(input, textarea)")
    assert link.startswith(studio.address)
    user, cookie = accounts.redeem_sign_in_link(link.partition("token=")[2])
    assert user.name == "ann"
    page.click("#people-table tr:has-text('ann') button:has-text('Disable')")
    page.click("dialog button:has-text('Disable')")
    page.wait_for_selector("#people-table tr:has-text('disabled')")
    assert accounts.user_for_session(cookie) is None
    page = watched.open("/audit?action=disable")
    assert "ann" in page.inner_text("#audit-table")
    assert "chain is whole" in page.inner_text("#audit-chain")
    page = watched.open("/people")
    page.click("#people-table tr:has-text('ann') button:has-text('Delete')")
    page.click("dialog button:has-text('Delete for good')")
    page.wait_for_selector("#people-table tr:has-text('ann')", state="detached")
    assert watched.complaints == []


def test_member_is_reported_that_people_are_for_administrators(signed_in, studio, browser):
    member, token = people.invite(studio.owner, "eve")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.address}/sign-in?token={token}")
    page.wait_for_url(f"{studio.address}/")
    for path, box in (("/people", "#people"), ("/audit", "#audit")):
        page.goto(studio.address + path)
        page.wait_for_selector(f"{box} [data-code=role]")
        assert "administrator" in page.inner_text(box)
    context.close()
    assert people.get_person(member.id).sessions == 1


def test_token_is_shown_once_and_revoked(signed_in, studio):
    watched = signed_in()
    page = watched.open("/account")
    assert "this browser" in page.inner_text("#sessions-table")
    page.get_by_label("What the token is for").fill("laptop")
    page.click("#token-make")
    page.wait_for_selector("#tokens-table tr:has-text('laptop')")
    bearer = page.input_value("#token-shown :is(input, textarea)")
    used = accounts.user_for_token(bearer)
    assert used is not None and used.user.id == studio.owner
    page.click("#tokens-table tr:has-text('laptop') button:has-text('Revoke')")
    page.click("dialog button:has-text('Revoke')")
    page.wait_for_selector("#tokens-table", state="detached")
    assert accounts.user_for_token(bearer) is None and watched.complaints == []


def test_password_and_second_factor_are_set_up_and_sign_in_after_signing_out(signed_in, studio, browser):
    _person, token = people.invite(studio.owner, "cleo")
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
    secret = page.inner_text("#factor-new code").replace(" ", "")
    page.get_by_label("Code", exact=True).fill(one_time_codes.code_at(secret, int(time.time()) // 30 - 1))
    page.click("button:has-text('Turn on')")
    recovery = page.inner_text("#recovery-codes").split()
    assert len(recovery) == 10
    page.click("form.sign-out button")
    page.wait_for_url(f"{studio.address}/sign-in")
    for label, text in (("Name", "cleo"), ("Password", "four words never together"), ("Code", recovery[0])):
        page.get_by_label(label, exact=label != "Code").first.fill(text)
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    page.wait_for_url(f"{studio.address}/")
    assert people.list_people(studio.owner)[-1].has_second_factor
    context.close()
