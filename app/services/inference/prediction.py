"""Answers of tuned classifiers and taggers, from the inference server."""

from collections.abc import Sequence
from typing import Any

import httpx

from app.errors import Conflict, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.services.inference import inference_client
from app.services.inference.chat import STEP_SEPARATOR, step_number
from app.services.runs import checkpoints
from app.services.runs.adapters import adapter_folder

MAX_INPUTS = 256
MAX_INPUT_LENGTH = 20_000
ANSWER_TIMEOUT = 120.0


def predict(user_id: str, model: str, inputs: Sequence[str]) -> list[dict[str, Any]]:
    """Answers of one model for some texts, in the order given.

    Args:
        model: a run id, ``<run id>@<step>`` for one of its checkpoints, or ``base:<name>``.
        inputs: 1-256 texts of at most 20,000 characters.

    Returns:
        ``[{"label", "probabilities": {label: probability}}]``; from a tagger ``[{"entities": [{"start", "end",
        "label", "score", "text"}], "read_to"}]`` with offsets in characters.

    Raises:
        Rejected: no, too many or too long inputs, or a base model, which has none of the labels.
        NotFound, Conflict: no such run or step, no adapter yet, or the inference server did not start.
    """
    _check_inputs(inputs)
    if model.startswith("base:"):
        raise Rejected(
            "base_has_no_labels",
            _("The base model {model} has not learned your labels.", model=repr(model.removeprefix("base:"))),
            _("Choose a finished run; its page shows how the base model did on the test rows."),
        )
    run_id, _separator, step = model.partition(STEP_SEPARATOR)
    folder = checkpoints.folder_of(user_id, run_id, step_number(step))[0] if step else adapter_folder(user_id, run_id)
    return _ask(inference_client.wake(), {"adapter": str(folder), "inputs": list(inputs)})


def _check_inputs(inputs: Sequence[str]) -> None:
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise Rejected(
            "inputs",
            _("{inputs} texts were sent.", inputs=len(inputs)),
            _("Send 1 to {MAX_INPUTS} texts at a time.", MAX_INPUTS=MAX_INPUTS),
        )
    for number, text in enumerate(inputs, 1):
        if not text.strip():
            raise Rejected(
                "empty_input", _("Text {amount} is empty.", amount=number), _("Type something, or remove it.")
            )
        if len(text) > MAX_INPUT_LENGTH:
            raise Rejected(
                "input_too_long",
                _("Text {amount} has {text} characters.", amount=number, text=decimal(len(text))),
                _("Shorten it to {MAX_INPUT_LENGTH} characters.", MAX_INPUT_LENGTH=decimal(MAX_INPUT_LENGTH)),
            )


def _ask(server: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        with inference_client.client(server) as client:
            answer = client.post("/predict", json=body, timeout=ANSWER_TIMEOUT)
    except httpx.TimeoutException:
        raise Conflict(
            "inference_slow",
            _("No answer came within {ANSWER_TIMEOUT} s.", ANSWER_TIMEOUT=decimal(ANSWER_TIMEOUT, grouped=False)),
            _("Send fewer or shorter texts."),
        ) from None
    except httpx.HTTPError:
        raise inference_client.connection_lost() from None
    if answer.status_code != 200:
        raise inference_client.refusal(answer.status_code, answer.content)
    return list(answer.json()["answers"])
