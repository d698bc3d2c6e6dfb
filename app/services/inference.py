"""The way to the inference server: its address and secret, waking it, and passing on what it refuses. Loads no model."""

import json
import time

import httpx

from app import storage
from app.errors import Conflict, StudioError
from app.settings import get_settings

WAKE_SECONDS = 60.0
# `studio up` watches for this file and starts the inference server when it appears.
WANTED = "inference.wanted"


def wake() -> None:
    """Make sure the server answers; otherwise ask for it and wait up to a minute.

    Raises:
        Conflict: it did not come.
    """
    if is_up():
        return
    (storage.state_dir() / WANTED).touch()
    deadline = time.monotonic() + WAKE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.2)
        if is_up():
            return
    raise Conflict(
        "inference_not_running",
        f"The inference server at {get_settings().inference_url} did not start within {WAKE_SECONDS:.0f} s.",
        "Look at the inference log with `studio doctor`, or start it by hand with `studio inference`.",
    )


def is_up() -> bool:
    """Whether the server answers now."""
    try:
        with client() as open_client:
            return open_client.get("/healthz", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def client() -> httpx.Client:
    """A connection that carries the secret."""
    return httpx.Client(base_url=get_settings().inference_url, headers=_headers(), trust_env=False)


def async_client() -> httpx.AsyncClient:
    """The same for streams."""
    return httpx.AsyncClient(base_url=get_settings().inference_url, headers=_headers(), trust_env=False)


def refusal(status: int, body: bytes) -> StudioError:
    """The server's own refusal, passed on; anything else is not for people's eyes."""
    try:
        told = json.loads(body)["error"]
        return StudioError(
            told["code"], told["message"], told.get("hint", ""), status=status, details=told.get("details") or {}
        )
    except (ValueError, KeyError, TypeError):
        return Conflict(
            "inference_failed",
            f"The inference server answered with status {status}.",
            "Look at its log with `studio doctor`, then try again.",
        )


def gone() -> Conflict:
    """The connection broke."""
    return Conflict("inference_gone", "The inference server stopped while it was asked.", "Try again.")


def _headers() -> dict[str, str]:
    # Loopback or a private network; the secret says that the web asks, who has checked the person.
    return {"X-Studio-Secret": get_settings().inference_secret}
