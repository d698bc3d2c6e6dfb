"""Read-only links: limits when they are made, and what an unknown, revoked or expired one answers."""

from typing import Any

import pytest

from app.db import transaction
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.models_shares import Share
from app.services.evaluation import shares
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


@pytest.fixture
def run_id(owner: str) -> str:
    run = make_run(owner)
    end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    return run.id


def test_link_shows_its_runs_and_counts_visits(owner: str, run_id: str) -> None:
    summary, token = shares.create(owner, [run_id, run_id], view="axis=time")
    page = shares.describe(token)
    assert (page.runs, page.view, page.with_rows) == ([run_id], "axis=time", False)
    assert page.catalog["base_models"][0]["name"] == "starter-encoder"
    assert [run.id for run in shares.compare(token).runs] == [run_id]
    (listed,) = shares.list_shares(owner)
    assert (listed.id, listed.opened) == (summary.id, 1)


def test_token_is_stored_as_a_digest_only(owner: str, run_id: str) -> None:
    summary, token = shares.create(owner, [run_id])
    with transaction() as session:
        stored = session.get_one(Share, summary.id)
        assert token not in str(vars(stored)) and len(stored.token_sha256) == 64


@pytest.mark.parametrize("change", [{"days": 0}, {"days": 366}, {"view": "x" * 4001}])
def test_links_outside_the_limits_are_refused(owner: str, run_id: str, change: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        shares.create(owner, [run_id], **change)


def test_run_of_another_user_is_not_shared(run_id: str) -> None:
    with pytest.raises(NotFound):
        shares.create(make_user(), [run_id])


def test_number_of_open_links_is_limited(owner: str, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MAX_OPEN", 1)
    first, _ = shares.create(owner, [run_id])
    with pytest.raises(Conflict):
        shares.create(owner, [run_id])
    shares.revoke(owner, first.id)
    shares.create(owner, [run_id])


def test_rows_need_a_link_with_rows(owner: str, run_id: str) -> None:
    _, without = shares.create(owner, [run_id])
    with pytest.raises(NotFound) as refused:
        shares.examples(without, order="file", limit=5, after=0)
    assert refused.value.code == "rows_not_shared"
    _, token = shares.create(owner, [run_id], with_rows=True)
    assert len(shares.examples(token, order="file", limit=5, after=0).rows) == 5


def test_unknown_revoked_and_expired_links_are_refused(owner: str, run_id: str) -> None:
    with pytest.raises(NotFound):
        shares.describe("made-up")
    revoked, revoked_token = shares.create(owner, [run_id])
    with pytest.raises(NotFound):
        shares.revoke(make_user(), revoked.id)
    shares.revoke(owner, revoked.id)
    expired, expired_token = shares.create(owner, [run_id])
    with transaction() as session:
        session.get_one(Share, expired.id).expires_at = 1.0
    for token, code in ((revoked_token, "share_revoked"), (expired_token, "share_expired")):
        with pytest.raises(StudioError) as refused:
            shares.describe(token)
        assert (refused.value.code, refused.value.status) == (code, 410)
    assert shares.list_shares(owner) == []
