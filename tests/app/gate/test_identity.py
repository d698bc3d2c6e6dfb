"""Authentication by session cookie or bearer token, and its failures."""

from app.services.accounts import accounts
from tests.app.wire import ask


def test_only_valid_cookie_or_token_identifies_the_user(gate, owner, signed_in, bearer):
    for proof in (signed_in, bearer):
        answer = ask(gate, "GET", "/api/v1/x", headers=proof)
        assert answer.json["user"] == answer.json["state"] == owner
    wrong = (
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic eDp5"},
        {"cookie": "studio-session-7860=x"},
        {"cookie": signed_in["cookie"].replace("7860", "7861")},
        {"x-forwarded-user": owner},
        {**signed_in, "authorization": "Bearer nonsense"},
        {"cookie": signed_in["cookie"] + "; studio-session-7860=planted"},
    )
    for proof in wrong:
        assert ask(gate, "GET", "/api/v1/x", headers=proof).status == 401, proof


def test_sign_out_takes_effect_at_once(gate, signed_in):
    cookie = signed_in["cookie"].partition("=")[2]
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 200
    accounts.sign_out(cookie)
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 401


def test_requests_are_refused_while_accounts_cannot_be_read(gate, bearer, monkeypatch):
    def broken(token: str) -> None:
        raise RuntimeError("database is down")

    monkeypatch.setattr(accounts, "user_for_token", broken)
    answer = ask(gate, "GET", "/api/v1/x", headers=bearer)
    assert (answer.status, answer.code) == (503, "accounts_unavailable")
    assert b"database is down" not in answer.body


def test_package_files_use_the_cached_identity(gate, signed_in, monkeypatch):
    assert ask(gate, "GET", "/static/a.js", headers=signed_in).status == 200
    calls = []
    monkeypatch.setattr(accounts, "user_for_session", lambda cookie: calls.append(cookie))
    assert ask(gate, "GET", "/static/b.js", headers=signed_in).status == 200
    assert calls == []
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 401
