"""Asks the inference server for answers of tuned models, and wakes it when it is not up. Loads no model itself."""

import time
from collections.abc import Sequence
from typing import Any

import httpx

from app import storage
from app.errors import Conflict, Rejected, StudioError
from app.services.adapters import adapter_folder
from app.settings import get_settings

MOST_INPUTS = 256
LONGEST_INPUT = 20_000
WAKE_SECONDS = 60.0
ANSWER_SECONDS = 120.0
# `studio up` watches for this file and starts the inference server when it appears.
WANTED = "inference.wanted"


def predict(user_id: str, model: str, inputs: Sequence[str]) -> list[dict[str, Any]]:
    """Answers of one model for some texts, in the order given.

    Args:
        user_id: who asks.
        model: a run id, or ``base:<name>``.
        inputs: 1-256 texts of at most 20,000 characters.

    Returns:
        ``[{"label", "probabilities": {label: probability}}]``.

    Raises:
        Rejected: no, too many or too long inputs, or a base model, which knows none of the labels.
        NotFound, Conflict: no such run, no adapter yet, or the inference server did not start.
    """
    _check_inputs(inputs)
    if model.startswith("base:"):
        raise Rejected(
            "base_has_no_labels",
            f"The untouched model {model.removeprefix('base:')!r} has not learned your labels.",
            "Choose a finished run; its page shows how the untouched model did on the test rows.",
        )
    folder = adapter_folder(user_id, model)
    _wake()
    return _ask({"adapter": str(folder), "inputs": list(inputs)})


def _check_inputs(inputs: Sequence[str]) -> None:
    if not 1 <= len(inputs) <= MOST_INPUTS:
        raise Rejected("inputs", f"{len(inputs)} texts were sent.", f"Send 1 to {MOST_INPUTS} texts at a time.")
    for number, text in enumerate(inputs, 1):
        if not text.strip():
            raise Rejected("empty_input", f"Text {number} is empty.", "Type something, or remove it.")
        if len(text) > LONGEST_INPUT:
            raise Rejected(
                "input_too_long",
                f"Text {number} has {len(text):,} characters.",
                f"Shorten it to {LONGEST_INPUT:,} characters.",
            )


def _wake() -> None:
    """Make sure the server answers; otherwise ask for it and wait up to a minute."""
    if _is_up():
        return
    (storage.state_dir() / WANTED).touch()
    deadline = time.monotonic() + WAKE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.2)
        if _is_up():
            return
    raise Conflict(
        "inference_not_running",
        f"The inference server at {get_settings().inference_url} did not start within {WAKE_SECONDS:.0f} s.",
        "Look at the inference log with `studio doctor`, or start it by hand with `studio inference`.",
    )


def _is_up() -> bool:
    try:
        with _client() as client:
            return client.get("/healthz", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def _ask(body: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        with _client() as client:
            answer = client.post("/predict", json=body, timeout=ANSWER_SECONDS)
    except httpx.TimeoutException:
        raise Conflict(
            "inference_slow", f"No answer came within {ANSWER_SECONDS:.0f} s.", "Send fewer or shorter texts."
        ) from None
    except httpx.HTTPError:
        raise Conflict("inference_gone", "The inference server stopped while it was asked.", "Try again.") from None
    if answer.status_code != 200:
        raise _refusal(answer)
    return list(answer.json()["answers"])


def _refusal(answer: httpx.Response) -> StudioError:
    """The server's own refusal, passed on; anything else is not for people's eyes."""
    try:
        told = answer.json()["error"]
        return StudioError(
            told["code"], told["message"], told.get("hint", ""), status=answer.status_code,
            details=told.get("details") or {},
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return Conflict(
            "inference_failed",
            f"The inference server answered with status {answer.status_code}.",
            "Look at its log with `studio doctor`, then try again.",
        )


def _client() -> httpx.Client:
    settings = get_settings()
    # Loopback or a private network: a proxy from the environment must not see the texts.
    return httpx.Client(
        base_url=settings.inference_url, headers={"X-Studio-Secret": settings.inference_secret}, trust_env=False
    )
