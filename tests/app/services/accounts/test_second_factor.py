"""The second factor: set up with a code, every code once, recovery codes, removed by whoever has one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import db
from app.errors import Conflict, Rejected, StudioError
from app.services.accounts import one_time_codes, second_factor


def now() -> int:
    return int(time.time()) // one_time_codes.STEP_SECONDS


def set_up(user_id: str) -> tuple[str, list[str]]:
    secret, _address = second_factor.begin(user_id)
    return secret, second_factor.confirm(user_id, one_time_codes.code_at(secret, now() - 1))


def used(user_id: str, code: str) -> str:
    """The code of the refusal, empty if the code was taken."""
    try:
        with db.transaction() as session:
            second_factor.require(session, user_id, code)
    except StudioError as error:
        return error.code
    return ""


def test_nothing_is_asked_before_a_code_has_confirmed_the_authenticator(owner):
    secret, address = second_factor.begin(owner)
    assert secret in address and used(owner, "") == "" and not second_factor.state(owner).active
    with pytest.raises(Rejected, match="not the code"):
        second_factor.confirm(owner, "000000" if one_time_codes.code_at(secret, now()) != "000000" else "111111")
    assert not second_factor.state(owner).active


def test_every_code_works_once_and_recovery_codes_too(owner, any_database):
    secret, recovery = set_up(owner)
    assert used(owner, "") == "code_needed" and used(owner, one_time_codes.code_at(secret, now() - 1)) == "wrong_code"
    code = one_time_codes.code_at(secret, now())
    assert [used(owner, f"{code[:3]} {code[3:]}"), used(owner, code)] == ["", "wrong_code"]
    assert [used(owner, recovery[0].upper()), used(owner, recovery[0]), used(owner, recovery[1])] == [
        "",
        "wrong_code",
        "",
    ]
    assert second_factor.state(owner) == second_factor.FactorState(True, 8)


def test_of_two_who_send_the_same_code_one_gets_in(owner, any_database):
    _secret, recovery = set_up(owner)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: used(owner, recovery[0]), range(4)))
    assert sorted(outcomes) == ["", "wrong_code", "wrong_code", "wrong_code"]


def test_second_one_waits_until_the_first_is_removed_with_a_code(owner):
    _secret, recovery = set_up(owner)
    with pytest.raises(Conflict):
        second_factor.begin(owner)
    with pytest.raises(StudioError, match="wrong"):
        second_factor.remove(owner, "abcde-fghjk")
    second_factor.remove(owner, recovery[0])
    assert second_factor.state(owner) == second_factor.FactorState(False, 0) and used(owner, "") == ""
    second_factor.begin(owner)
