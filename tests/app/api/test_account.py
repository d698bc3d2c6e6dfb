"""One's own account over REST, and what a token that only reads may do."""

import time

from app.requester import asked_from
from app.services.accounts import accounts, one_time_codes
from tests.app.wire import ORIGIN, ask


def test_account_tells_name_role_and_limits(bob):
    seen = bob.get("/api/v1/account").json
    assert (seen["name"], seen["role"], seen["tokens"]) == ("bob", "member", 1)
    assert seen["usage"]["active"] == 0 and seen["usage"]["max_active"] > 0


def test_token_is_made_listed_and_revoked(api, bob, ann):
    made = bob.post("/api/v1/account/tokens", json_body={"name": "laptop", "days": 5}).json["token"]
    headers = {"authorization": f"Bearer {made}"}
    assert ask(api, "GET", "/api/v1/account", headers=headers).json["name"] == "bob"
    listed = bob.get("/api/v1/account/tokens").json["tokens"]
    [key] = [token["id"] for token in listed if token["name"] == "laptop"]
    assert ann.ask("DELETE", f"/api/v1/account/tokens/{key}").status == 404
    assert bob.ask("DELETE", f"/api/v1/account/tokens/{key}").status == 204
    assert ask(api, "GET", "/api/v1/account", headers=headers).status == 401


def test_token_that_reads_changes_nothing(api, bob):
    made = bob.post("/api/v1/account/tokens", json_body={"scope": "read"}).json["token"]
    headers = {"authorization": f"Bearer {made}"}
    assert ask(api, "GET", "/api/v1/runs", headers=headers).status == 200
    for method, path in (("POST", "/api/v1/account/tokens"), ("POST", "/api/v1/runs"), ("DELETE", "/api/v1/runs/x")):
        refused = ask(api, method, path, headers=headers, json_body={})
        assert (refused.status, refused.code) == (403, "read_only_token"), path
    assert len(bob.get("/api/v1/account/tokens").json["tokens"]) == 2


def test_sessions_are_listed_and_ended(api, bob):
    with asked_from("10.0.0.7"):
        _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(bob.id), "Firefox/130")
    browser = {"cookie": f"studio-session-7860={cookie}"}
    [seen] = ask(api, "GET", "/api/v1/account/sessions", headers=browser).json["sessions"]
    assert (seen["here"], seen["address"], seen["agent"]) == (True, "10.0.0.7", "Firefox/130")
    assert bob.ask("DELETE", f"/api/v1/account/sessions/{seen['id']}").status == 204
    assert ask(api, "GET", "/api/v1/account", headers=browser).status == 401


def test_password_and_second_factor_are_set_in_a_browser_but_not_with_a_token(api, ann):
    assert (
        ann.ask("PUT", "/api/v1/account/password", json_body={"new": "four words never together"}).code
        == "needs_browser"
    )
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(ann.id))
    headers = {"cookie": f"studio-session-7860={cookie}", "origin": ORIGIN}

    def send(method, path, body):
        return ask(api, method, f"/api/v1/account/{path}", headers=headers, json_body=body)

    assert send("PUT", "password", {"new": "four words never together"}).status == 204
    assert send("POST", "second-factor", {"current": "wrong"}).code == "wrong_password"
    made = send("POST", "second-factor", {"current": "four words never together"}).json
    code = one_time_codes.code_at(made["secret"], int(time.time()) // 30)
    [*codes] = send("POST", "second-factor/confirm", {"code": code}).json["recovery_codes"]
    now = ann.get("/api/v1/account").json
    assert (now["has_password"], now["has_second_factor"], now["recovery_codes"]) == (True, True, len(codes))
    assert send("POST", "second-factor/remove", {"code": codes[0]}).status == 204
