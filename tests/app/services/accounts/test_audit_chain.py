"""The hash chain of the audit trail: whatever is changed, removed, inserted or cut off is named, in both databases."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import exc, text

from app import db
from app.migrate import config, upgrade
from app.requester import asked_from
from app.services.accounts import accounts, audit, audit_chain


def write(number: int, address: str = "") -> None:
    with asked_from(address), db.transaction() as session:
        audit_chain.record(session, "ann", "mark", "run", "r1", {"number": number, "ratio": 0.1, "ü": "\ud83d\ude00"})


def tamper(*statements: str) -> None:
    """What somebody does who has the database file: the guards go first."""
    with db.get_engine().begin() as connection:
        on_table = " ON audit_entries" if connection.dialect.name == "postgresql" else ""
        for name in ("audit_entries_unchanged", "audit_entries_stay"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on_table}"))
        for statement in statements:
            connection.execute(text(statement))


def test_entries_name_person_object_address_and_rejected_work_leaves_none(owner, any_database):
    write(1, "10.0.0.9")
    with pytest.raises(RuntimeError), db.transaction() as session:
        audit_chain.record(session, "ann", "delete", "run", "r1")
        raise RuntimeError
    [entry] = audit.list_entries(owner, user_id="ann").entries
    assert (entry.action, entry.object_type, entry.object_id, entry.address) == ("mark", "run", "r1", "10.0.0.9")
    assert entry.data["number"] == 1 and audit_chain.verify().is_whole


def test_concurrent_writers_make_one_chain_without_a_gap(owner, any_database):
    before = audit_chain.verify().entries
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    state = audit_chain.verify()
    assert (state.is_whole, state.entries) == (True, before + 24)


@pytest.mark.parametrize(
    ("statement", "broken", "fault"),
    [
        ("UPDATE audit_entries SET user_id = 'bob' WHERE number = 3", 3, "changed"),
        ("UPDATE audit_entries SET created_at = created_at - 60 WHERE number = 2", 2, "changed"),
        ("UPDATE audit_entries SET data = '{}' WHERE number = 3", 3, "details"),
        ("UPDATE audit_entries SET address = '10.9.9.9' WHERE number = 4", 4, "details"),
        ("DELETE FROM audit_entries WHERE number = 2", 2, "missing"),
        ("DELETE FROM audit_entries WHERE number >= 4", 4, "end"),
        ("DELETE FROM audit_heads", 1, "added"),
    ],
)
def test_first_entry_that_does_not_fit_is_named(studio_home, statement, broken, fault):
    for number in range(5):
        write(number)
    tamper(statement)
    state = audit_chain.verify()
    assert (state.broken, state.fault, state.is_whole) == (broken, fault, False)


def test_database_refuses_to_change_or_delete_an_entry_but_details_can_be_taken_out(owner, any_database):
    write(1, "10.0.0.9")
    for statement in (
        "UPDATE audit_entries SET action = 'x'",
        "UPDATE audit_entries SET salt = '', address = '', data = '{}', user_id = 'x'",
        "DELETE FROM audit_entries",
    ):
        with pytest.raises(exc.DBAPIError, match="only ever added"), db.get_engine().begin() as connection:
            connection.execute(text(statement))
    with db.get_engine().begin() as connection:
        connection.execute(text("UPDATE audit_entries SET salt = '', address = '', data = '{}'"))
    state = audit_chain.verify()
    assert state.is_whole and state.erased == state.entries > 0
    assert "10.0.0.9" not in "".join(audit.export_lines(owner))


def test_exported_lines_can_be_checked_without_the_studio(owner):
    for number in range(3):
        write(number)
    previous = "0" * 64
    for line in audit.export_lines(owner):
        entry = json.loads(line)
        details = [entry["salt"], entry["address"], entry["data"]]
        assert digest(details) == entry["details_sha256"]
        what = [entry[name] for name in ("user_id", "action", "object_type", "object_id", "details_sha256")]
        assert digest([previous, entry["number"], entry["at"], *what]) == entry["sha256"]
        previous = entry["sha256"]
    assert audit_chain.holds(previous) and not audit_chain.holds("0" * 64)


def digest(content: list[object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def test_entries_from_before_the_chain_become_its_beginning(owner, any_database):
    for number in range(3):
        write(number)
    before = audit_chain.verify().entries
    command.downgrade(config(), "0018")
    upgrade()
    assert audit_chain.verify().is_whole and audit_chain.verify().entries == before
    write(4)
    assert accounts.ensure_owner().id == owner and audit_chain.verify().entries == before + 1
