"""Builds the web API: routers, the translation of errors to responses, and request metrics.

The gate (``app.gate``) wraps the composed application, authenticates and answers unhandled exceptions; without it every
route but the probes and sign-in refuses.
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from app.api import ROUTERS
from app.api.measurements import Measured
from app.errors import StudioError
from app.failures import failure_response
from app.field_errors import field_refusal
from app.services.accounts import denials

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_api() -> FastAPI:
    """The application with all routes of the public contract; pages are mounted on it afterwards."""
    api = FastAPIOffline(title="Fine-tuning studio", redoc_url=None, redirect_slashes=False, favicon_url="/favicon.ico")
    for router in ROUTERS:
        api.include_router(router)
    # Pages are mounted at the root and would answer unknown API addresses in their own way.
    for prefix in ("/api", "/v1"):
        api.add_api_route(prefix + "/{rest:path}", _not_found, methods=METHODS, include_in_schema=False)
    api.add_exception_handler(StudioError, _refused)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_middleware(Measured)
    return api


async def _not_found(request: Request) -> JSONResponse:
    for route in request.app.router.routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            raise HTTPException(405)
    raise HTTPException(404)


async def _refused(request: Request, error: Any) -> JSONResponse:
    if denials.is_denial(error):
        await run_in_threadpool(denials.note, error, request.method, request.scope["path"])
    return failure_response(error)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    return failure_response(field_refusal(error.errors()))


async def _http_error(request: Request, error: Any) -> JSONResponse:
    code, message, hint = _WORDS.get(error.status_code, ("http_error", str(error.detail), ""))
    return failure_response(StudioError(code, message, hint, status=error.status_code))


_WORDS = {
    400: ("bad_request", "The request could not be read.", "Check that the body is JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address.", "Check the address."),
    405: ("method_not_allowed", "This address does not take this method.", "Check the method."),
    413: ("too_large", "The request is too large.", "Send less at a time."),
    415: ("content_type", "The body is of a kind this address does not take.", "Send `application/json`."),
}
