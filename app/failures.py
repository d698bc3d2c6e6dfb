"""Turns errors into HTTP answers: refusals as they are, a full disk and too much load as such, defects as a calm sentence."""

import logging
import uuid

from starlette.responses import JSONResponse

from app import disk_space
from app.db import has_committed, is_bad_text, is_busy
from app.errors import Rejected, StudioError
from app.languages import gettext as _
from app.languages import gettext_noop, translated_json

logger = logging.getLogger(__name__)

BUSY_SECONDS = 5
SAVED = gettext_noop("What you asked for was saved, but the answer could not be put together.")


def failure_response(error: StudioError) -> JSONResponse:
    """The answer to a refusal: ``{"error": {"code", "message", "hint", "details"}}`` with its status."""
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    if "retry_after" in error.details:
        headers["retry-after"] = str(error.details["retry_after"])
    return JSONResponse(translated_json(error.as_dict()), status_code=error.status, headers=headers)


def calm_failure(error: BaseException) -> JSONResponse:
    """The answer to an unexpected error; see :func:`calm_error`."""
    return failure_response(calm_error(error))


def calm_error(error: BaseException) -> StudioError:
    """An unexpected error as users see it, which says truly whether the request has changed anything.

    A full disk is 507 and too much load 429, with the seconds to wait. Anything else is a defect: its trace goes to the log
    under an id, and the sentence names only the id.
    """
    if is_busy(error) and not has_committed():
        logger.warning("too much at once: %s", error)
        return _busy()
    if disk_space.is_full(error) and not has_committed():
        logger.error("the disk is full: %s", error)
        return disk_space.disk_full()
    if is_bad_text(error) and not has_committed():
        return Rejected(
            "bad_character",
            "The request holds a character that cannot be stored: a zero byte, or half of a pair such as \\ud83d.",
            "Remove it; it often comes from text that was cut inside an emoji.",
        )
    log_id = uuid.uuid4().hex[:12]
    logger.error("unexpected error, log id %s", log_id, exc_info=error)
    saved = has_committed()
    return StudioError(
        "internal_error",
        _(SAVED) if saved else _("Something went wrong on our side; your data is unchanged."),
        _("Reload to see it. If it happens again, look for {log_id} in the studio's log.", log_id=log_id)
        if saved
        else _("Try again. If it happens again, look for {log_id} in the studio's log.", log_id=log_id),
        status=500,
        details={"log_id": log_id, "saved": saved},
    )


def _busy() -> StudioError:
    return StudioError(
        "busy",
        _("The studio has more to do right now than it can take in; nothing of this request was saved."),
        _("Try again in {BUSY_SECONDS} seconds.", BUSY_SECONDS=BUSY_SECONDS),
        status=429,
        details={"retry_after": BUSY_SECONDS},
    )
