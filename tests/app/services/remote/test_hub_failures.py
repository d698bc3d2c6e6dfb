"""What the errors of the hub library mean."""

import httpx
import pytest
from huggingface_hub import errors

from app.services.remote.hub_failures import HubFailure, failure_of, status_of

ANSWER = httpx.Response(503, request=httpx.Request("GET", "http://hub"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.GatedRepoError("x", response=ANSWER), HubFailure.GATED),
        (errors.RevisionNotFoundError("x", response=ANSWER), HubFailure.NO_REVISION),
        (errors.RepositoryNotFoundError("x", response=ANSWER), HubFailure.NOT_FOUND),
        (errors.HfHubHTTPError("x", response=ANSWER), HubFailure.REFUSED),
        (httpx.ConnectError("x"), HubFailure.UNREACHABLE),
        (ConnectionResetError(), HubFailure.UNREACHABLE),
        (ValueError("a defect"), None),
    ],
)
def test_each_error_has_its_reason(error: Exception, reason: HubFailure | None) -> None:
    assert failure_of(error) is reason


def test_status_of_an_answer_is_known_and_0_without_one() -> None:
    assert status_of(errors.HfHubHTTPError("x", response=ANSWER)) == 503
    assert status_of(ConnectionResetError()) == 0
