"""What administrators do with people: it takes effect at once, and nobody locks the owner out."""

import pytest

from app.errors import Conflict, NotAllowed, NotFound, Rejected, StudioError
from app.requester import asked_from
from app.services.accounts import accounts, audit, people
from app.services.evaluation import shares
from tests.factories import make_run, make_version

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def owner() -> str:
    return accounts.ensure_owner().id


def person_in(name: str, owner: str, role: str = "member") -> tuple[str, str]:
    """(id, session cookie) of somebody who was invited and came."""
    invited, token = people.invite(owner, name, role)
    with asked_from("10.0.0.7"):
        return invited.id, accounts.redeem_sign_in_link(token, "Firefox/130 Linux")[1]


def test_invited_person_signs_in_once_and_is_listed(owner):
    invited, token = people.invite(owner, "ann")
    assert (invited.role, invited.active, invited.used_at, invited.sessions) == ("member", True, None, 0)
    accounts.redeem_sign_in_link(token)
    [first, second] = people.list_people(owner)
    assert (first.role, second.name, second.sessions) == ("owner", "ann", 1) and second.used_at
    with pytest.raises(StudioError, match="already been used"):
        accounts.redeem_sign_in_link(token)


def test_disabled_person_is_out_at_once_with_sessions_tokens_links_and_shares(owner):
    ann, cookie = person_in("ann", owner)
    bearer, link = accounts.create_token(ann), people.create_link(owner, ann)
    _summary, shared = shares.create(ann, [make_run(ann, make_version(ann)).id])
    assert shares.describe(shared).runs
    assert people.change_person(owner, ann, active=False).active is False
    assert accounts.user_for_session(cookie) is None and accounts.user_for_token(bearer) is None
    for use in (lambda: accounts.redeem_sign_in_link(link), lambda: shares.describe(shared)):
        with pytest.raises(StudioError, match="not valid"):
            use()
    with pytest.raises(Conflict, match="disabled"):
        people.create_link(owner, ann)


def test_enabled_person_comes_back_by_a_new_link_and_old_tokens_stay_revoked(owner):
    ann, cookie = person_in("ann", owner)
    bearer = accounts.create_token(ann)
    people.change_person(owner, ann, active=False)
    people.change_person(owner, ann, active=True)
    assert accounts.user_for_session(cookie) is None and accounts.user_for_token(bearer) is None
    assert accounts.redeem_sign_in_link(people.create_link(owner, ann))[0].id == ann


def test_signed_out_everywhere_a_person_needs_a_new_link(owner):
    ann, cookie = person_in("ann", owner)
    bearer = accounts.create_token(ann)
    people.sign_out_everywhere(owner, ann)
    assert accounts.user_for_session(cookie) is None and accounts.user_for_token(bearer) is None
    assert accounts.redeem_sign_in_link(people.create_link(owner, ann))[0].id == ann


def test_new_link_makes_the_earlier_one_worthless(owner):
    invited, first = people.invite(owner, "ann")
    people.create_link(owner, invited.id)
    with pytest.raises(StudioError, match="not valid"):
        accounts.redeem_sign_in_link(first)


def test_members_may_do_nothing_of_this(owner):
    ann, _ = person_in("ann", owner)
    eve, _ = person_in("eve", owner)
    attempts = (
        lambda: people.list_people(ann),
        lambda: people.invite(ann, "mallory"),
        lambda: people.create_link(ann, eve),
        lambda: people.change_person(ann, eve, active=False),
        lambda: people.change_person(ann, ann, role="admin"),
        lambda: people.sign_out_everywhere(ann, eve),
        lambda: audit.list_entries(ann),
        lambda: audit.list_actions(ann),
        lambda: audit.export_lines(ann),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed, match="'member'"):
            attempt()
    assert [person.name for person in people.list_people(owner)] == ["owner", "ann", "eve"]


def test_administrator_cannot_touch_the_owner_nor_demote_themselves(owner):
    clara, _ = person_in("clara", owner, "admin")
    for attempt in (
        lambda: people.change_person(clara, owner, active=False),
        lambda: people.create_link(clara, owner),
        lambda: people.sign_out_everywhere(clara, owner),
        lambda: people.change_person(clara, clara, role="member"),
        lambda: people.change_person(owner, owner, active=False),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_role_changes_what_is_allowed(owner):
    ann, _ = person_in("ann", owner)
    people.change_person(owner, ann, role="admin")
    assert people.is_administrator(ann) and len(people.list_people(ann)) == 2
    people.change_person(owner, ann, role="member")
    assert not people.is_administrator(ann)


def test_unknown_people_and_roles_are_refused(owner):
    with pytest.raises(NotFound):
        people.change_person(owner, "nobody", active=False)
    for role in ("owner", "king"):
        with pytest.raises(Rejected, match=role):
            people.invite(owner, "ann", role)
    assert len(people.list_people(owner)) == 1
