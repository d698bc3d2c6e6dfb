"""Saved views of the table of runs: one of a name for each person, within limits."""

import pytest

from app.errors import NotFound, Rejected
from app.services.runs import saved_views
from tests.factories import make_user


def test_view_of_the_same_name_is_replaced(owner: str) -> None:
    saved_views.save(owner, " Best  ones ", {"sort": "accuracy"})
    view = saved_views.save(owner, "Best ones", {"starred": "true"})
    assert saved_views.list_views(owner) == [view]
    assert (view["name"], view["view"]) == ("Best ones", {"starred": "true"})


def test_views_are_seen_and_deleted_by_their_owner_only(owner: str) -> None:
    view, other = saved_views.save(owner, "Mine", {}), make_user()
    assert saved_views.list_views(other) == []
    with pytest.raises(NotFound, match="no view"):
        saved_views.remove(other, view["id"])
    saved_views.remove(owner, view["id"])
    assert saved_views.list_views(owner) == []


@pytest.mark.parametrize(
    ("name", "view", "code"),
    [
        (" ", {}, "name_length"),
        ("n" * 81, {}, "name_length"),
        ("n", {"q": "x" * 501}, "view_size"),
        ("n", {str(number): "" for number in range(21)}, "view_size"),
    ],
)
def test_view_beyond_the_limits_is_refused(owner: str, name: str, view: dict[str, str], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        saved_views.save(owner, name, view)
    assert refused.value.code == code and saved_views.list_views(owner) == []
