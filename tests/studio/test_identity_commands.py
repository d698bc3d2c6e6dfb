"""`studio user link`: who gets whose account, and what is refused."""

import pytest

from app.services.accounts import accounts, audit, single_sign_on
from app.settings import get_settings
from studio.people import find_user
from tests.studio.processes import run

pytestmark = pytest.mark.usefixtures("data_folder")


def test_an_account_is_linked_with_a_line_in_the_audit_trail(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, ann = find_user(""), accounts.add_user("ann")
    assert run("user", "link", "ann", "u-1") == 2 and "is not configured" in capsys.readouterr().err
    monkeypatch.setenv("STUDIO_OIDC_ISSUER", "https://id.example")
    get_settings.cache_clear()
    assert run("user", "link", "ann", "u-1") == 0 and "signs in as ann" in capsys.readouterr().out
    linked = single_sign_on.user_of("https://id.example", "u-1")
    assert linked is not None and linked.id == ann.id
    (line,) = audit.list_entries(owner.id, action="link_identity").entries
    assert (line.object_id, line.data["subject"], line.person) == (ann.id, "u-1", owner.name)
    monkeypatch.setenv("STUDIO_SIGN_IN_HEADER", "X-Forwarded-User")
    get_settings.cache_clear()
    assert run("user", "link", "ann", "u-2") == 2 and "--by header" in capsys.readouterr().err
    assert run("user", "link", "ann", "u-2", "--by", "header") == 0
    accounts.add_user("bea")
    assert run("user", "link", "bea", "u-1", "--by", "provider") == 2 and "--move" in capsys.readouterr().err
    assert run("user", "link", "bea", "u-1", "--by", "provider", "--move") == 0
    moved = single_sign_on.user_of("https://id.example", "u-1")
    assert moved is not None and moved.name == "bea"
