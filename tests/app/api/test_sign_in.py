"""The one-time link in a browser's eyes: the page, the cookie, the second try, guessing, signing out."""

import re

import pytest

from app.api import sign_in
from app.services.accounts import accounts
from app.settings import get_settings
from tests.app.wire import ORIGIN, ask

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}


@pytest.fixture(autouse=True)
def no_earlier_attempts(monkeypatch):
    monkeypatch.setattr(sign_in, "ATTEMPTS", sign_in.Attempts())


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


def test_repeated_failed_sign_ins_are_rate_limited(api, owner):
    for _ in range(sign_in.ATTEMPTS_PER_MINUTE):
        assert redeem(api, "a" * 43, **{"x-forwarded-for": "10.0.0.1"}).status == 401
    blocked = redeem(api, accounts.create_sign_in_link(owner), **{"x-forwarded-for": "10.0.0.2"})
    assert blocked.status == 429 and 1 <= int(blocked.headers["retry-after"]) <= 60


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
