"""People as the command line names them."""

import pytest
from sqlalchemy import text

from app.db import get_engine
from app.errors import NotFound
from app.services.accounts import accounts
from app.settings import get_settings
from studio.claimed_folder import claimed
from studio.people import find_user, sign_in_link, verify_audit_trail
from tests.studio.processes import run

pytestmark = pytest.mark.usefixtures("data_folder")


def test_link_command_signs_the_owner_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("link") == 0
    person, _ = accounts.redeem_sign_in_link(capsys.readouterr().out.strip().partition("token=")[2])
    assert person.role == "owner"


def test_empty_name_means_the_owner() -> None:
    assert find_user("").role == "owner"
    ann = accounts.add_user("ann")
    assert find_user("ann").id == ann.id


def test_unknown_name_is_refused_with_the_command_that_adds_it() -> None:
    with pytest.raises(NotFound) as caught:
        find_user("bob")
    assert caught.value.code == "user_not_found" and "studio user add bob" in caught.value.hint


def test_link_leads_to_the_running_studio_and_else_to_the_address_of_the_settings() -> None:
    person = find_user("")
    assert sign_in_link(person).startswith(f"{get_settings().address}/sign-in?token=")
    with claimed() as announce:
        announce("http://127.0.0.1:4711")
        assert sign_in_link(person).startswith("http://127.0.0.1:4711/sign-in?token=")


def test_audit_verify_names_the_first_broken_entry_and_notices_a_trail_written_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(3):
        accounts.create_token(find_user("").id)
    words, is_whole = verify_audit_trail()
    assert is_whole and "3 entries" in words
    assert verify_audit_trail(words.rpartition(" ")[2])[1] and not verify_audit_trail("0" * 64)[1]
    with get_engine().begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entries_stay"))
        connection.execute(text("DELETE FROM audit_entries WHERE number = 2"))
    assert run("audit", "verify") == 1 and "entry 2 is missing" in capsys.readouterr().out
