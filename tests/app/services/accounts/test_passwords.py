"""Passwords: what is stored, who gets in, and that nobody learns which names exist."""

import pytest
from sqlalchemy import text

from app import db
from app.errors import NotAllowed, Rejected, StudioError
from app.services.accounts import accounts, audit, one_time_codes, passwords, people, second_factor
from tests.conftest import STRONG_HASHER

PASSWORD = "four words never together"


@pytest.fixture
def ann(owner: str) -> str:
    user = accounts.add_user("ann")
    passwords.set_password(user.id, PASSWORD)
    return user.id


def refused(name: str, password: str, code: str = "") -> str:
    with pytest.raises(StudioError) as error:
        passwords.sign_in(name, password, code)
    return error.value.code


def test_password_opens_a_session_and_is_stored_as_argon2id(ann, owner, any_database):
    user, cookie = passwords.sign_in(" ann ", PASSWORD)
    found = accounts.user_for_session(cookie)
    assert user.id == ann and found is not None and found.id == ann
    with db.snapshot() as session:
        [hashed] = session.scalars(text("SELECT hash FROM passwords"))
    assert hashed.startswith("$argon2id$") and PASSWORD not in hashed
    assert audit.list_entries(owner, action="sign_in").entries[0].data == {"by": "password"}


def test_strength_is_the_recommendation_of_rfc_9106():
    assert (STRONG_HASHER.type.name, STRONG_HASHER.time_cost, STRONG_HASHER.memory_cost) == ("ID", 3, 64 * 1024)


def test_unknown_disabled_and_passwordless_people_cost_a_hash_and_look_like_a_wrong_password(ann, owner, monkeypatch):
    computed = []
    verify = type(passwords.HASHER).verify
    monkeypatch.setattr(
        type(passwords.HASHER), "verify", lambda self, *given: computed.append(given[0]) or verify(self, *given)
    )
    bob = accounts.add_user("bob").id
    passwords.set_password(bob, PASSWORD)
    people.change_person(owner, bob, active=False)
    tries = [("ann", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("owner", PASSWORD)]
    assert [refused(*given) for given in tries] == ["wrong_password"] * 4
    assert len(computed) == 4 and all(hashed.startswith("$argon2id$") for hashed in computed)


def test_second_factor_is_spoken_of_only_after_the_right_password(ann):
    secret, _address = second_factor.begin(ann)
    with db.snapshot() as session:
        step = int(session.scalar(db.db_now().select())) // 30
    second_factor.confirm(ann, one_time_codes.code_at(secret, step - 1))
    assert [refused("ann", "wrong"), refused("ann", PASSWORD), refused("ann", PASSWORD, "abc")] == [
        "wrong_password",
        "code_needed",
        "wrong_code",
    ]
    assert passwords.sign_in("ann", PASSWORD, one_time_codes.code_at(secret, step))[0].id == ann


def test_change_asks_for_the_present_one_and_signs_other_browsers_out(ann):
    here, there = passwords.sign_in("ann", PASSWORD)[1], passwords.sign_in("ann", PASSWORD)[1]
    with pytest.raises(NotAllowed, match="current password"):
        passwords.set_password(ann, "another one of words", "wrong", here)
    passwords.set_password(ann, "another one of words", PASSWORD, here)
    assert accounts.user_for_session(here) is not None and accounts.user_for_session(there) is None
    assert refused("ann", PASSWORD) == "wrong_password"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_length"),
        ("x" * 201, "password_length"),
        ("aaaaaaaaaaaabb", "password_simple"),
        ("annabella-2026!", "password_simple"),
        ("half a pair \ud83d", "bad_character"),
    ],
)
def test_weak_passwords_are_refused_with_what_is_allowed(owner, password, code):
    user = accounts.add_user("annabella")
    with pytest.raises(Rejected) as refusal:
        passwords.set_password(user.id, password)
    assert refusal.value.code == code and "12 to 200 characters" in refusal.value.hint


def test_same_characters_of_another_keyboard_are_the_same_password(owner):
    passwords.set_password(owner, "caf\u00e9 und vier W\u00f6rter")
    assert passwords.sign_in("owner", "cafe\u0301 und vier Wo\u0308rter")[0].id == owner


def test_administrator_resets_password_and_second_factor(ann, owner):
    _user, cookie = passwords.sign_in("ann", PASSWORD)
    link = people.reset_password(owner, ann)
    assert refused("ann", PASSWORD) == "wrong_password" and accounts.user_for_session(cookie) is None
    secret, _address = second_factor.begin(ann)
    with db.snapshot() as session:
        second_factor.confirm(ann, one_time_codes.code_at(secret, int(session.scalar(db.db_now().select())) // 30))
    assert people.get_person(ann).has_second_factor
    people.reset_second_factor(owner, ann)
    assert accounts.redeem_sign_in_link(link)[0].id == ann and not people.get_person(ann).has_password
    with pytest.raises(NotAllowed):
        people.reset_password(ann, owner)
