"""The gate around a plain application whose every route answers, with the credentials of one user."""

import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from app.gate import Gate
from app.services.accounts import accounts


def make_plain() -> FastAPI:
    plain = FastAPI()

    @plain.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE"])
    async def anything(request: Request, path: str) -> JSONResponse:
        if path == "api/v1/broken":
            raise RuntimeError("secret detail")
        body = await request.body()
        seen = {"path": path, "user": request.scope["user"], "state": request.scope["state"]["user_id"]}
        headers = {"access-control-allow-origin": "https://evil.example"}
        return JSONResponse({**seen, "bytes": len(body), "event_id": "abcdef0123"}, headers=headers)

    return plain


@pytest.fixture
def gate(owner: str) -> ASGIApp:
    return Gate(make_plain())


@pytest.fixture
def signed_in(owner: str) -> dict[str, str]:
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner))
    return {"cookie": f"studio-session-7860={cookie}"}


@pytest.fixture
def bearer(owner: str) -> dict[str, str]:
    return {"authorization": "Bearer " + accounts.create_token(owner)}
