"""The audit trail: everything that was done, in order, to administrators only."""

import pytest

from app.errors import Rejected
from app.requester import asked_from
from app.services.accounts import accounts, audit, people

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def owner() -> str:
    return accounts.ensure_owner().id


def person_in(name: str, owner: str) -> tuple[str, str]:
    """(id, session cookie) of somebody who was invited and came."""
    invited, token = people.invite(owner, name)
    with asked_from("10.0.0.7"):
        return invited.id, accounts.redeem_sign_in_link(token, "Firefox/130 Linux")[1]


def test_audit_tells_who_did_what_to_whom_and_pages_to_the_first_entry(owner):
    ann, _ = person_in("ann", owner)
    people.change_person(owner, ann, role="admin")
    people.change_person(owner, ann, active=False)
    acts = [(entry.person, entry.action, entry.data.get("name")) for entry in audit.list_entries(owner).entries]
    assert acts[:2] == [("owner", "disable", "ann"), ("owner", "change_role", "ann")]
    first = audit.list_entries(owner, limit=1)
    second = audit.list_entries(owner, limit=50, before=first.before)
    assert [entry.action for entry in (*first.entries, *second.entries)] == [action for _, action, _ in acts]
    assert second.before == ""
    [signed_in] = audit.list_entries(owner, user_id=ann, action="sign_in").entries
    assert signed_in.address == "10.0.0.7"
    with pytest.raises(Rejected, match="cursor"):
        audit.list_entries(owner, before="yesterday")


def test_exported_trail_is_complete_and_in_order(owner, monkeypatch):
    monkeypatch.setattr(audit, "MAX_ENTRIES", 2)
    for name in ("ann", "bob", "cleo"):
        person_in(name, owner)
    lines = list(audit.export_lines(owner))
    assert [line.count('"invite"') + 2 * line.count('"sign_in"') for line in lines] == [1, 2] * 3
