"""Turns errors into HTTP answers: refusals as they are, defects as a calm sentence with a log id."""

import logging
import uuid

from starlette.responses import JSONResponse

from app.errors import StudioError

logger = logging.getLogger(__name__)


def failure_response(error: StudioError) -> JSONResponse:
    """The answer to a refusal: ``{"error": {"code", "message", "hint", "details"}}`` with its status."""
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    if "retry_after" in error.details:
        headers["retry-after"] = str(error.details["retry_after"])
    return JSONResponse(error.as_dict(), status_code=error.status, headers=headers)


def calm_failure(error: BaseException) -> JSONResponse:
    """The answer to a defect: the trace goes to the log under an id, the user sees only the id."""
    log_id = uuid.uuid4().hex[:12]
    logger.error("unexpected error, log id %s", log_id, exc_info=error)
    return failure_response(
        StudioError(
            "internal_error",
            "Something went wrong on our side; your data is unchanged.",
            f"Try again. If it happens again, look for {log_id} in the studio's log.",
            status=500,
            details={"log_id": log_id},
        )
    )
