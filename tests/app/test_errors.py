"""Errors that users see."""

import pytest

from app import errors


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.StudioError, 400),
        (errors.NotSignedIn, 401),
        (errors.NotAllowed, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.TooLarge, 413),
        (errors.Rejected, 422),
    ],
)
def test_kind_of_error_sets_the_status_unless_one_is_given(kind: type[errors.StudioError], status: int) -> None:
    assert kind("code", "Message.").status == status
    assert kind("code", "Message.", status=507).status == 507


def test_body_of_an_error_is_the_same_for_every_kind() -> None:
    error = errors.Rejected("bad_row", "Row 4 is empty.", "Fill it.", details={"rows": [4]})
    assert error.as_dict() == {
        "error": {"code": "bad_row", "message": "Row 4 is empty.", "hint": "Fill it.", "details": {"rows": [4]}}
    }
    assert str(error) == "Row 4 is empty."
    assert errors.NotFound("gone", "It is gone.").as_dict()["error"]["details"] == {}
