"""Answers of tuned classifiers and taggers, from the inference server."""

from collections.abc import Sequence
from typing import Any

import httpx

from app.errors import Conflict, Rejected
from app.services.inference import inference_client
from app.services.runs.adapters import adapter_folder

MAX_INPUTS = 256
MAX_INPUT_LENGTH = 20_000
ANSWER_TIMEOUT = 120.0


def predict(user_id: str, model: str, inputs: Sequence[str]) -> list[dict[str, Any]]:
    """Answers of one model for some texts, in the order given.

    Args:
        model: a run id, or ``base:<name>``.
        inputs: 1-256 texts of at most 20,000 characters.

    Returns:
        ``[{"label", "probabilities": {label: probability}}]``; from a tagger ``[{"entities": [{"start", "end",
        "label", "score", "text"}], "read_to"}]`` with offsets in characters.

    Raises:
        Rejected: no, too many or too long inputs, or a base model, which has none of the labels.
        NotFound, Conflict: no such run, no adapter yet, or the inference server did not start.
    """
    _check_inputs(inputs)
    if model.startswith("base:"):
        raise Rejected(
            "base_has_no_labels",
            f"The base model {model.removeprefix('base:')!r} has not learned your labels.",
            "Choose a finished run; its page shows how the base model did on the test rows.",
        )
    folder = adapter_folder(user_id, model)
    return _ask(inference_client.wake(), {"adapter": str(folder), "inputs": list(inputs)})


def _check_inputs(inputs: Sequence[str]) -> None:
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise Rejected("inputs", f"{len(inputs)} texts were sent.", f"Send 1 to {MAX_INPUTS} texts at a time.")
    for number, text in enumerate(inputs, 1):
        if not text.strip():
            raise Rejected("empty_input", f"Text {number} is empty.", "Type something, or remove it.")
        if len(text) > MAX_INPUT_LENGTH:
            raise Rejected(
                "input_too_long",
                f"Text {number} has {len(text):,} characters.",
                f"Shorten it to {MAX_INPUT_LENGTH:,} characters.",
            )


def _ask(server: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        with inference_client.client(server) as client:
            answer = client.post("/predict", json=body, timeout=ANSWER_TIMEOUT)
    except httpx.TimeoutException:
        raise Conflict(
            "inference_slow", f"No answer came within {ANSWER_TIMEOUT:.0f} s.", "Send fewer or shorter texts."
        ) from None
    except httpx.HTTPError:
        raise inference_client.connection_lost() from None
    if answer.status_code != 200:
        raise inference_client.refusal(answer.status_code, answer.content)
    return list(answer.json()["answers"])
