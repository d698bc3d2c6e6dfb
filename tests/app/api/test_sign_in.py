"""The one-time link in a browser's eyes: the page, the cookie, the second try, guessing, signing out."""

import re
import time
from urllib.parse import quote, urlencode

import pytest

from app.services.accounts import accounts, one_time_codes, passwords, second_factor
from app.settings import get_settings
from tests.app.wire import ORIGIN, ask

PASSWORD = "four words never together"
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}


def redeem(api, token, **headers):
    return ask(api, "POST", "/sign-in", headers={**FORM, **headers}, body=f"token={token}".encode())


def test_a_link_signs_one_browser_in(api, owner):
    token = accounts.create_sign_in_link(owner)
    page = ask(api, "GET", f"/sign-in?token={token}")
    assert page.status == 200 and token.encode() in page.body
    nonce = re.search(rb'nonce="([^"]+)"', page.body)[1].decode()
    assert f"script-src 'nonce-{nonce}'" in page.headers["content-security-policy"]
    assert ask(api, "GET", f"/sign-in?token={token}").status == 200  # looking changes nothing

    answer = redeem(api, token)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.cookies[0]
    assert cookie.startswith("studio-session-7860=") and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie

    session = {"cookie": cookie.split(";")[0]}
    assert ask(api, "GET", "/api/v1/runs", headers=session).status == 200

    again = redeem(api, token)
    assert again.status == 410 and b"already been used" in again.body and b"studio link" in again.body
    assert not again.cookies


def test_over_https_the_cookie_is_bound_to_the_host(api, owner, monkeypatch):
    monkeypatch.setenv("STUDIO_PUBLIC_URL", "https://studio.example")
    get_settings.cache_clear()
    answer = redeem(api, accounts.create_sign_in_link(owner), host="studio.example", origin="https://studio.example")
    assert answer.cookies[0].startswith("__Host-studio-session=")
    assert "Secure" in answer.cookies[0] and "Path=/" in answer.cookies[0]


@pytest.mark.parametrize("token", ["", "x", "<script>alert(1)</script>", "a" * 43, "%22%3E%3Cscript%3E"])
def test_wrong_tokens_get_a_page_that_says_what_to_do(api, token):
    page = ask(api, "GET", f"/sign-in?token={token}")
    assert page.status == 200 and b"alert" not in page.body
    answer = redeem(api, token)
    assert answer.status == 401 and b"studio link" in answer.body and not answer.cookies


def test_repeated_failed_sign_ins_are_rate_limited_and_links_that_were_given_out_still_work(api, owner):
    for _ in range(20):
        assert redeem(api, "a" * 43, **{"x-forwarded-for": "10.0.0.1"}).status == 401
    blocked = redeem(api, "a" * 43, **{"x-forwarded-for": "10.0.0.2"})
    assert blocked.status == 429 and 1 <= int(blocked.headers["retry-after"]) <= 60
    assert redeem(api, accounts.create_sign_in_link(owner)).status == 303


def test_link_of_another_person_asks_before_the_account_is_switched(api, owner):
    here = {"cookie": redeem(api, accounts.create_sign_in_link(owner)).cookies[0].split(";")[0]}
    bob = accounts.add_user("bob <b>")
    token = accounts.create_sign_in_link(bob.id)
    page = ask(api, "GET", f"/sign-in?token={token}", headers=here)
    assert b"signed in as <strong>owner</strong>" in page.body and b"bob &lt;b&gt;" in page.body
    assert b".submit()" not in page.body
    refused = redeem(api, token, **here)
    assert refused.status == 409 and not refused.cookies
    assert ask(api, "GET", "/api/v1/runs", headers=here).status == 200
    switched = ask(api, "POST", "/sign-in", headers={**FORM, **here}, body=f"token={token}&switch=yes".encode())
    assert switched.status == 303 and switched.cookies


def test_own_link_signs_in_again_without_a_question(api, owner):
    here = {"cookie": redeem(api, accounts.create_sign_in_link(owner)).cookies[0].split(";")[0]}
    assert redeem(api, accounts.create_sign_in_link(owner), **here).status == 303


def test_another_site_cannot_sign_anybody_in_or_out(api, owner):
    token = accounts.create_sign_in_link(owner)
    assert redeem(api, token, origin="https://evil.example").status == 403
    cookie = {"cookie": redeem(api, token).cookies[0].split(";")[0]}
    assert ask(api, "POST", "/sign-out", headers={**cookie, "origin": "https://evil.example"}).status == 403
    assert ask(api, "GET", "/api/v1/runs", headers=cookie).status == 200


def test_signing_out_ends_the_session(api, owner):
    cookie = {"cookie": redeem(api, accounts.create_sign_in_link(owner)).cookies[0].split(";")[0], "origin": ORIGIN}
    answer = ask(api, "POST", "/sign-out", headers={**cookie, "accept": "text/html"})
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")
    assert ask(api, "GET", "/api/v1/runs", headers=cookie).status == 401
    assert ask(api, "GET", "/sign-out", headers=cookie).status in (401, 302, 405)


def test_an_odd_form_is_refused(api):
    body = b"&".join(b"a%d=1" % number for number in range(100_000))
    assert ask(api, "POST", "/sign-in", headers=FORM, body=body).status == 400


def test_signed_out_page_says_how_to_get_back_in_and_takes_a_pasted_link(api, owner):
    page = ask(api, "GET", "/sign-in")
    assert b"You are signed out" in page.body and b"studio link" in page.body and b"script" not in page.body
    link = f"http://127.0.0.1:7860/sign-in?token={accounts.create_sign_in_link(owner)}"
    assert (answer := redeem(api, quote(link, safe=""))).status == 303 and answer.headers["location"] == "/"


def sign_in(api, name, password, code="", **headers):
    body = urlencode({"name": name, "password": password, "code": code}).encode()
    return ask(api, "POST", "/sign-in", headers={**FORM, **headers}, body=body)


def test_page_asks_for_a_password_only_where_somebody_has_one(api, owner):
    assert b'name="password"' not in ask(api, "GET", "/sign-in").body
    passwords.set_password(owner, PASSWORD)
    page = ask(api, "GET", "/sign-in").body
    assert b'name="password"' in page and b'name="token"' in page and b"studio link" in page


def test_password_signs_in_with_a_fresh_cookie_and_ends_the_earlier_session(api, owner):
    passwords.set_password(owner, PASSWORD)
    planted = {"cookie": "studio-session-7860=planted-by-somebody-else-0123456789"}
    first = sign_in(api, "owner", PASSWORD, **planted)
    assert (first.status, first.headers["location"]) == (303, "/")
    cookie = first.cookies[0].split(";")[0]
    assert "planted" not in cookie and "HttpOnly" in first.cookies[0] and "SameSite=lax" in first.cookies[0]
    assert ask(api, "GET", "/api/v1/runs", headers=planted).status == 401
    second = sign_in(api, "owner", PASSWORD, cookie=cookie)
    assert second.status == 303 and second.cookies[0].split(";")[0] != cookie
    assert ask(api, "GET", "/api/v1/runs", headers={"cookie": cookie}).status == 401


def test_sign_in_form_of_another_site_is_refused(api, owner):
    passwords.set_password(owner, PASSWORD)
    answer = sign_in(api, "owner", PASSWORD, origin="https://evil.example")
    assert (answer.status, answer.code) == (403, "cross_site") and not answer.cookies
    assert sign_in(api, "owner", PASSWORD, **{"sec-fetch-site": "cross-site"}).status == 403


@pytest.mark.parametrize("name", ["owner", "nobody", "<script>alert(1)</script>"])
def test_wrong_name_and_wrong_password_look_the_same_and_keep_the_name(api, owner, name):
    passwords.set_password(owner, PASSWORD)
    answer = sign_in(api, name, "wrong password")
    assert answer.status == 401 and b"The name or the password is wrong" in answer.body and not answer.cookies
    assert b'wrong password"' not in answer.body and b"<script>alert" not in answer.body


def test_account_is_closed_for_passwords_after_ten_failures_but_not_for_links(api, owner):
    passwords.set_password(owner, PASSWORD)
    for _ in range(10):
        assert sign_in(api, "owner", "wrong password").status == 401
    blocked = sign_in(api, "OWNER ", PASSWORD)
    assert blocked.status == 429 and 1 <= int(blocked.headers["retry-after"]) <= 300
    assert redeem(api, accounts.create_sign_in_link(owner)).status == 303


def test_link_of_somebody_with_a_second_factor_asks_for_the_code(api, owner):
    secret, _address = second_factor.begin(owner)
    recovery = second_factor.confirm(owner, one_time_codes.code_at(secret, int(time.time()) // 30))
    token = accounts.create_sign_in_link(owner)
    asked = redeem(api, token)
    assert asked.status == 401 and b'name="code"' in asked.body and token.encode() in asked.body
    body = urlencode({"token": token, "code": "000000"}).encode()
    assert ask(api, "POST", "/sign-in", headers=FORM, body=body).status == 401
    body = urlencode({"token": token, "code": recovery[0]}).encode()
    assert ask(api, "POST", "/sign-in", headers=FORM, body=body).status == 303
