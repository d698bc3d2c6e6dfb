"""What the errors of ``huggingface_hub`` mean: one word for each reason that has words and a remedy of its own."""

from enum import StrEnum


class HubFailure(StrEnum):
    """Why the hub did not give what it was asked for."""

    GATED = "gated"
    NO_REVISION = "no revision"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


def failure_of(error: BaseException) -> HubFailure | None:
    """The reason behind an exception; None where it is not one of the hub or of the way to it."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return HubFailure.GATED
    if isinstance(error, errors.RevisionNotFoundError):
        return HubFailure.NO_REVISION
    if isinstance(error, errors.RepositoryNotFoundError):
        return HubFailure.NOT_FOUND
    if isinstance(error, errors.HfHubHTTPError):
        return HubFailure.REFUSED
    if isinstance(error, OSError) or type(error).__module__.startswith("httpx"):
        return HubFailure.UNREACHABLE
    return None


def status_of(error: BaseException) -> int:
    """The HTTP status that an error of the hub library carries; 0 where it carries none."""
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)
