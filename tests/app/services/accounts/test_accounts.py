"""Accounts against a real database: links used once, sessions that end, tokens, projects, audit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import OperationalError

from app import disk_space
from app.db import counted_commits, db_now, forget_engine, get_engine, has_committed, transaction
from app.errors import Conflict, NotFound, StudioError
from app.models import ApiToken, BrowserSession, SignInLink, User
from app.services.accounts import accounts

pytestmark = pytest.mark.usefixtures("studio_home")


def test_owner_is_created_once_even_by_two_processes_at_once():
    with ThreadPoolExecutor(4) as pool:
        owners = {user.id for user in pool.map(lambda _: accounts.ensure_owner(), range(8))}
    assert len(owners) == 1


def test_a_link_opens_one_session_and_then_says_so():
    owner = accounts.ensure_owner()
    token = accounts.create_sign_in_link(owner.id)
    user, cookie = accounts.redeem_sign_in_link(token)
    assert user.id == owner.id
    found = accounts.user_for_session(cookie)
    assert found is not None and found.id == owner.id
    with pytest.raises(StudioError) as refused:
        accounts.redeem_sign_in_link(token)
    assert (refused.value.code, refused.value.status) == ("link_used", 410)
    assert "studio link" in refused.value.hint


def test_of_many_browsers_with_one_link_exactly_one_gets_in():
    token = accounts.create_sign_in_link(accounts.ensure_owner().id)

    def try_it(_: int) -> bool:
        try:
            accounts.redeem_sign_in_link(token)
        except StudioError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 1


def test_an_expired_link_and_an_invented_one_are_refused():
    token = accounts.create_sign_in_link(accounts.ensure_owner().id)
    with transaction() as session:
        session.execute(update(SignInLink).values(expires_at=db_now() - 1))
    for value, code in ((token, "link_expired"), ("x" * 43, "link_unknown"), ("", "link_unknown")):
        with pytest.raises(StudioError) as refused:
            accounts.redeem_sign_in_link(value)
        assert refused.value.code == code


@pytest.mark.parametrize("column", ["expires_at", "used_at"])
def test_a_session_ends_when_old_or_idle(column):
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(accounts.ensure_owner().id))
    with transaction() as session:
        session.execute(update(BrowserSession).values({column: db_now() - 13 * 3600}))
    assert accounts.user_for_session(cookie) is None


def test_signing_out_ends_the_session_and_only_that_one():
    owner = accounts.ensure_owner()
    cookies = [accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner.id))[1] for _ in range(2)]
    accounts.sign_out(cookies[0])
    accounts.sign_out("unknown")
    assert accounts.user_for_session(cookies[0]) is None
    assert accounts.user_for_session(cookies[1]) is not None


def test_tokens_work_until_revoked_and_not_for_the_inactive():
    user = accounts.add_user("ann")
    token = accounts.create_token(user.id, "laptop")
    found = accounts.user_for_token(token)
    assert found is not None and (found.user.id, found.scope) == (user.id, "all")
    assert accounts.user_for_token(token + "x") is None
    assert accounts.user_for_token("") is None
    with transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(active=False))
    assert accounts.user_for_token(token) is None
    with transaction() as session:
        session.execute(update(User).values(active=True))
        session.execute(update(ApiToken).values(revoked_at=db_now()))
    assert accounts.user_for_token(token) is None


def test_no_secret_is_stored_in_the_clear():
    owner = accounts.ensure_owner()
    link = accounts.create_sign_in_link(owner.id)
    secrets = [link, accounts.redeem_sign_in_link(link)[1], accounts.create_token(owner.id)]
    tables = ("sign_in_links", "sessions", "api_tokens", "audit_entries", "users")
    with get_engine().connect() as connection:
        stored = " ".join(str(row) for table in tables for row in connection.execute(text(f"select * from {table}")))
    assert not [secret for secret in secrets if secret in stored]


def test_every_person_has_a_project_and_names_are_unique():
    first, second = accounts.add_user("ann"), accounts.add_user("bob")
    assert accounts.home_project(first.id).id == accounts.home_project(first.id).id
    assert accounts.home_project(first.id).id != accounts.home_project(second.id).id
    with pytest.raises(Conflict):
        accounts.add_user("ann")
    with pytest.raises(NotFound):
        accounts.home_project("nobody")


def test_last_use_is_noted_but_is_nothing_that_a_request_saved(monkeypatch):
    owner = accounts.ensure_owner()
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner.id))
    bearer = accounts.create_token(owner.id)
    monkeypatch.setattr(accounts, "USED_EVERY_SECONDS", -1.0)
    with counted_commits():
        accounts.user_for_session(cookie)
        accounts.user_for_token(bearer)
        assert not has_committed()
        with transaction() as session:
            assert session.scalars(select(ApiToken)).one().used_at is not None
        assert has_committed()


def test_full_database_keeps_nobody_out_and_says_so_where_it_must_write(monkeypatch):
    owner = accounts.ensure_owner()
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner.id))
    bearer = accounts.create_token(owner.id)
    monkeypatch.setattr(accounts, "USED_EVERY_SECONDS", -1.0)

    def fill(connection, record):
        # What SQLite answers on a full disk, by its own limit: every page of the file is in use and there is none beyond.
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    forget_engine()
    event.listen(get_engine(), "connect", fill)
    assert accounts.user_for_session(cookie).id == owner.id
    assert accounts.user_for_token(bearer).user.id == owner.id
    with pytest.raises(OperationalError) as full:
        for _ in range(1000):
            accounts.create_token(owner.id)
    assert disk_space.is_full(full.value)
    assert accounts.user_for_session(cookie).id == owner.id
