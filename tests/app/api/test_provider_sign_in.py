"""Sign-in with an OpenID Connect provider over real HTTP, and as whom a proxy names: who gets in, and what the others read."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.errors import Conflict, StudioError
from app.services.accounts import (
    accounts,
    attempts,
    audit,
    identity_provider,
    people,
    provided_identity,
    single_sign_on,
)
from app.services.accounts.identity_claims import Attempt
from app.settings import get_settings
from tests.app.wire import ask
from tests.provider import CLIENT, SECRET, serving


@pytest.fixture
def provider(api, owner, monkeypatch):
    with serving() as started:
        monkeypatch.setenv("STUDIO_OIDC_ISSUER", started.issuer)
        monkeypatch.setenv("STUDIO_OIDC_CLIENT_ID", CLIENT)
        monkeypatch.setenv("STUDIO_OIDC_CLIENT_SECRET", SECRET)
        get_settings.cache_clear()
        provided_identity._provider.cache_clear()
        monkeypatch.setattr(attempts, "FORGED_ANSWERS", attempts.Attempts(20, 60))
        yield started


def begin(api):
    """What the browser keeps, and where it is sent."""
    answer = ask(api, "GET", "/sign-in/provider")
    assert answer.status == 303, answer.body
    return {"cookie": answer.cookies[0].split(";")[0]}, answer.headers["location"]


def come_back(api, kept, address):
    parts = urlsplit(address)
    return ask(api, "GET", f"{parts.path}?{parts.query}", headers=kept)


def sign_in(api, provider):
    kept, address = begin(api)
    return come_back(api, kept, httpx.get(address).headers["location"])


def session_of(answer):
    (cookie,) = (value.split(";")[0] for value in answer.cookies if value.startswith("studio-session"))
    return accounts.user_for_session(cookie.partition("=")[2])


def settings(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"STUDIO_OIDC_{name.upper()}", value)
    get_settings.cache_clear()


def test_whom_the_provider_vouches_for_has_one_account_by_issuer_and_subject(api, owner, provider):
    assert b'href="/sign-in/provider"' in ask(api, "GET", "/sign-in").body
    kept, address = begin(api)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["code_challenge_method"] == "S256" and asked["scope"] == "openid email profile" and asked["nonce"]
    answer = come_back(api, kept, httpx.get(address).headers["location"])
    assert (answer.status, answer.headers["location"]) == (303, "/")
    ann = session_of(answer)
    assert (ann.name, ann.role) == ("Ann Beck", "member")
    # The name may change at the provider, the subject does not.
    provider.claims["preferred_username"] = "Ann Cole"
    assert session_of(sign_in(api, provider)).id == ann.id
    provider.claims |= {"sub": "u-2", "preferred_username": "Ann Beck"}
    other = session_of(sign_in(api, provider))
    assert other.id != ann.id and other.name == "Ann Beck 2"
    lines = [(entry.action, entry.data.get("by")) for entry in audit.list_entries(owner).entries]
    assert ("sign_in", "provider") in lines and ("link_identity", None) in lines
    assert f"{provider.issuer}/out".encode() in ask(api, "GET", "/sign-in").body


def test_keys_that_rotate_are_read_again_and_others_never_count(api, provider):
    assert sign_in(api, provider).status == 303
    provider.rotate()
    assert sign_in(api, provider).status == 303
    assert provider.asked.count("/keys") == 2 and provider.asked.count("/.well-known/openid-configuration") == 1
    provider.rotate(listed=False)
    refused = sign_in(api, provider)
    assert refused.status == 401 and b"not of this provider" in refused.body


def test_a_key_that_was_changed_under_its_name_is_read_again_and_a_withdrawn_one_expires(api, provider, monkeypatch):
    assert sign_in(api, provider).status == 303
    withdrawn = provider.key
    provider.rotate(name=withdrawn.kid)
    assert sign_in(api, provider).status == 303, "the same name, another key"
    # Signed by what is listed no more: the key that the studio knows is not asked about again for half a minute.
    provider.rotate(name=withdrawn.kid, listed=False)
    for _each in range(3):
        assert sign_in(api, provider).status == 401
    assert provider.asked.count("/keys") == 2
    provider.key = provider.keys[0]
    provider.rotate(listed=False)
    provider.keys, provider.key = [provider.key], provider.keys[0]
    assert sign_in(api, provider).status == 303, "withdrawn, and known for less than an hour"
    monkeypatch.setattr(identity_provider, "DISCOVERY_SECONDS", 0.0)
    assert sign_in(api, provider).status == 401


def test_forged_answers_keep_nobody_out_who_has_begun(api, owner, provider):
    kept, address = begin(api)
    forged = [ask(api, "GET", f"/sign-in/callback?code=x&state={number}").status for number in range(25)]
    assert forged == [401] * 20 + [429] * 5
    assert come_back(api, kept, httpx.get(address).headers["location"]).status == 303
    attempts.BY_ADDRESS.check("127.0.0.1")


def test_a_provider_that_hangs_is_asked_once_and_not_again_for_seconds(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(identity_provider, "TIMEOUT_SECONDS", 0.3)
        asked = identity_provider.IdentityProvider(f"http://127.0.0.1:{silent.getsockname()[1]}", CLIENT, "")

        def refusal(_number):
            with pytest.raises(StudioError) as refused:
                asked.authorization_address(Attempt("s", "n", "v"), "http://127.0.0.1/back")
            return refused.value.code, refused.value.status

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(refusal, range(12))) == {("provider_unreachable", 503)}
        silent.settimeout(0.0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"nonce": "another"}, b"another attempt to sign in"),
        ({"aud": "other-application"}, b"made for another application"),
        ({"aud": ["studio", "other"], "azp": "other"}, b"made for another application"),
        ({"iss": "https://evil.example"}, b"from another provider"),
        ({"exp": int(time.time()) - 120}, b"has expired"),
        ({"iat": int(time.time()) + 600}, b"from the future"),
    ],
)
def test_an_identity_that_was_not_made_for_this_sign_in_is_refused(api, provider, spoiled, words):
    provider.spoiled = spoiled
    refused = sign_in(api, provider)
    assert refused.status == 401 and words in refused.body and len(refused.cookies) == 1
    assert len(people.list_people(accounts.ensure_owner().id)) == 1


def test_a_code_counts_once_and_only_in_the_browser_that_began(api, owner, provider):
    kept, address = begin(api)
    back = httpx.get(address).headers["location"]
    for other in ({}, begin(api)[0]):
        stolen = come_back(api, other, back)
        assert stolen.status == 401 and b"no sign-in that this browser has begun" in stolen.body
    assert come_back(api, kept, back).status == 303
    replayed = come_back(api, kept, back)
    assert replayed.status == 401 and b"invalid_grant" in replayed.body and b"counts once" in replayed.body
    mixed = come_back(api, kept, back.replace("iss=http", "iss=https"))
    assert mixed.status == 401
    declined = ask(
        api,
        "GET",
        f"/sign-in/callback?error=access_denied&state={kept['cookie'].split('=')[1].split('.')[0]}",
        headers=kept,
    )
    assert b"access_denied" in declined.body
    denied = [entry for entry in audit.list_entries(owner).entries if entry.action == "denied"]
    assert {entry.data["code"] for entry in denied} >= {"unknown_answer", "provider_refused"}


def test_a_provider_that_is_down_or_somebody_else_is_named(api, provider, monkeypatch):
    settings(monkeypatch, issuer="http://127.0.0.1:9")
    down = ask(api, "GET", "/sign-in/provider")
    assert down.status == 503 and b"does not answer" in down.body and b"sign in with a link" in down.body
    settings(monkeypatch, issuer=provider.issuer + "/")
    assert ask(api, "GET", "/sign-in/provider").status == 502
    settings(monkeypatch, issuer="http://provider.example")
    assert ask(api, "GET", "/sign-in/provider").status == 502, "without https nobody is asked"
    settings(monkeypatch, issuer="")
    assert ask(api, "GET", "/sign-in/provider").status == 404
    assert b"/sign-in/provider" not in ask(api, "GET", "/sign-in").body


def test_domains_groups_and_disabled_accounts_decide_who_gets_in(api, owner, provider, monkeypatch, caplog):
    settings(monkeypatch, domains="clinic.example", admin_groups="it", member_groups="staff")
    assert b"none of the domains" in sign_in(api, provider).body
    provider.claims |= {"email": "ann@clinic.example", "email_verified": False, "groups": ["staff"]}
    assert b"none of the domains" in sign_in(api, provider).body, "an address that is not verified says nothing"
    provider.claims |= {"email_verified": True, "groups": ["guests"]}
    assert b"none of the groups" in sign_in(api, provider).body
    provider.claims["groups"] = ["it"]
    ann = session_of(sign_in(api, provider))
    assert ann.role == "admin"
    provider.claims["groups"] = ["staff"]
    assert session_of(sign_in(api, provider)).role == "member"
    # A provider that says nothing about groups takes no role; one that says there are none does.
    settings(monkeypatch, member_groups="", domains="")
    provider.claims["groups"] = "it"
    assert session_of(sign_in(api, provider)).role == "admin", "one group alone is a text at some providers"
    del provider.claims["groups"]
    assert session_of(sign_in(api, provider)).role == "admin"
    assert "has no list of groups in the claim 'groups'" in caplog.text
    provider.claims["groups"] = []
    assert session_of(sign_in(api, provider)).role == "member"
    people.change_person(owner, ann.id, active=False)
    refused = sign_in(api, provider)
    assert refused.status == 403 and b"is disabled" in refused.body


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "boss@clinic.example", "name": "Eve"}, "Eve"),
        ({"preferred_username": "boss＠clinic.example"}, "boss"),
        ({"preferred_username": "boss@clinic.example", "email": "boss@clinic.example"}, "boss"),
        (
            {"preferred_username": "boss@clinic.example", "email": "eve@x.example", "email_verified": True},
            "eve@x.example",
        ),
        ({"preferred_username": "Ann@X.example", "email": "ann@x.example", "email_verified": True}, "Ann@X.example"),
    ],
)
def test_nobody_is_named_like_an_address_that_is_not_verified_to_be_theirs(api, provider, claims, name):
    del provider.claims["preferred_username"]
    provider.claims |= claims
    assert session_of(sign_in(api, provider)).name == name


def test_an_address_finds_an_account_only_where_it_is_verified_and_that_is_allowed(api, owner, provider, monkeypatch):
    invited = accounts.add_user("ann@clinic.example").id
    settings(monkeypatch, create_accounts="false")
    provider.claims |= {"email": "ann@clinic.example", "email_verified": True}
    refused = sign_in(api, provider)
    assert refused.status == 403 and b"has an account here" in refused.body
    assert b"studio user link NAME u-1" in refused.body
    settings(monkeypatch, link_by_email="true")
    provider.claims["email_verified"] = "true"
    assert sign_in(api, provider).status == 403, "only a boolean says that it was verified"
    provider.claims["email_verified"] = True
    assert session_of(sign_in(api, provider)).id == invited
    provider.claims["sub"] = "u-2"
    assert sign_in(api, provider).status == 403, "an account belongs to one identity"


@pytest.fixture
def proxied(api, owner, monkeypatch):
    """Requests come from 127.0.0.1 (tests.app.wire), which is the proxy here."""
    monkeypatch.setenv("STUDIO_SIGN_IN_HEADER", "X-Forwarded-User")
    monkeypatch.setenv("STUDIO_SIGN_IN_HEADER_PROXIES", "10.9.0.0/16, 127.0.0.1")
    get_settings.cache_clear()
    return api


def named(api, name, path="/sign-in", **headers):
    return ask(api, "GET", path, headers={"x-forwarded-user": name, **headers})


def test_whom_the_proxy_names_is_signed_in_and_nobody_else_by_their_cookie(proxied):
    answer = named(proxied, "dr.cole")
    assert answer.status == 303 and session_of(answer).name == "dr.cole"
    kept = {"cookie": answer.cookies[0].split(";")[0]}
    assert named(proxied, "dr.cole", "/api/v1/runs", **kept).status == 200
    assert named(proxied, "somebody-else", "/api/v1/runs", **kept).status == 401
    assert ask(proxied, "GET", "/api/v1/runs", headers=kept).status == 401, "the proxy names nobody any more"
    assert single_sign_on.user_of("header", "dr.cole").name == "dr.cole"


def test_the_header_is_refused_from_anywhere_else(proxied, owner, monkeypatch, caplog):
    monkeypatch.setenv("STUDIO_SIGN_IN_HEADER_PROXIES", "10.9.0.0/16, nonsense")
    get_settings.cache_clear()
    for path in ("/sign-in", "/api/v1/runs", "/healthz"):
        refused = named(proxied, "owner", path)
        assert (refused.status, refused.code) == (403, "forged_header"), path
    assert "none of the configured proxies" in caplog.text
    assert "forged_header" in {entry.data.get("code") for entry in audit.list_entries(owner).entries}
    assert ask(proxied, "GET", "/sign-in").status == 200, "without the header people sign in as before"


def test_an_existing_account_is_linked_to_whom_the_proxy_names(proxied, owner):
    made = session_of(named(proxied, "dr.cole"))
    with pytest.raises(Conflict, match=r"belongs to 'dr\.cole'"):
        single_sign_on.link(owner, owner, "header", "dr.cole")
    single_sign_on.link(owner, owner, "header", "dr.cole", move=True)
    assert session_of(named(proxied, "dr.cole")).id == owner != made.id
