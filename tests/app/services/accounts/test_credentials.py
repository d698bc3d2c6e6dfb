"""One's own sessions and tokens: seen, ended, revoked; those of others are out of reach."""

import pytest

from app.errors import NotFound, Rejected
from app.requester import asked_from
from app.services.accounts import accounts, credentials, people

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def owner() -> str:
    return accounts.ensure_owner().id


def person_in(name: str, owner: str) -> tuple[str, str]:
    """(id, session cookie) of somebody who was invited and came."""
    invited, token = people.invite(owner, name)
    with asked_from("10.0.0.7"):
        return invited.id, accounts.redeem_sign_in_link(token, "Firefox/130 Linux")[1]


def test_own_sessions_are_listed_and_ended_and_those_of_others_are_not(owner):
    ann, here = person_in("ann", owner)
    with asked_from("10.0.0.8"):
        other = accounts.redeem_sign_in_link(accounts.create_sign_in_link(ann), "Chrome/140 Windows")[1]
    eve, eves = person_in("eve", owner)
    found = {session.here: session for session in credentials.list_sessions(ann, here)}
    assert (found[True].address, found[False].agent) == ("10.0.0.7", "Chrome/140 Windows")
    with pytest.raises(NotFound):
        credentials.end_session(eve, found[False].id)
    credentials.end_session(ann, found[False].id)
    assert accounts.user_for_session(other) is None and accounts.user_for_session(here) is not None
    accounts.redeem_sign_in_link(accounts.create_sign_in_link(ann))
    assert credentials.end_other_sessions(ann, here) == 1
    assert accounts.user_for_session(here) is not None and accounts.user_for_session(eves) is not None


def test_token_is_listed_without_its_secret_and_revoked_by_its_owner_only(owner):
    ann, _ = person_in("ann", owner)
    bearer = accounts.create_token(ann, "laptop", scope="read", days=30)
    [token] = credentials.list_tokens(ann)
    assert (token.name, token.scope, token.used_at) == ("laptop", "read", None)
    assert token.expires_at is not None and token.expires_at - token.created_at == pytest.approx(30 * 86400, abs=5)
    assert bearer not in repr(token)
    with pytest.raises(NotFound):
        credentials.revoke_token(owner, token.id)
    credentials.revoke_token(ann, token.id)
    assert accounts.user_for_token(bearer) is None and credentials.list_tokens(ann) == []


@pytest.mark.parametrize(("scope", "days"), [("write", None), ("all", 0), ("all", 4000)])
def test_token_of_an_unknown_scope_or_length_is_refused(owner, scope, days):
    with pytest.raises(Rejected):
        accounts.create_token(owner, scope=scope, days=days)
    assert credentials.list_tokens(owner) == []
