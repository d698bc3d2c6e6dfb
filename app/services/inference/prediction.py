"""Answers of tuned classifiers and taggers, from the inference server."""

from collections.abc import Sequence
from typing import Any

import httpx

from app.catalog.task_types import task_type
from app.catalog.task_types.base import Role
from app.errors import Conflict, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import Run
from app.services.inference import inference_client
from app.services.inference.chat import STEP_SEPARATOR, step_number
from app.services.runs import checkpoints, runs
from app.services.runs.adapters import adapter_folder

MAX_INPUTS = 256
MAX_INPUT_LENGTH = 20_000
ANSWER_TIMEOUT = 120.0


def predict(user_id: str, model: str, inputs: Sequence[str | Sequence[str]]) -> list[dict[str, Any]]:
    """Answers of one model for some texts, in the order given.

    Args:
        model: a run id, ``<run id>@<step>`` for one of its checkpoints, or ``base:<name>``.
        inputs: 1-256 texts of at most 20,000 characters; for a model that reads several texts together a list of them each.

    Returns:
        ``[{"label", "probabilities": {label: probability}}]``; from a tagger ``[{"entities": [{"start", "end",
        "label", "score", "text"}], "read_to"}]`` with offsets in characters; from one that writes ``[{"text", "cut"}]``.

    Raises:
        Rejected: no, too many or too long inputs, or a base model, which has none of the labels.
        NotFound, Conflict: no such run or step, no adapter yet, or the inference server did not start.
    """
    asked = [(one,) if isinstance(one, str) else tuple(one) for one in inputs]
    _check_inputs(asked)
    if model.startswith("base:"):
        raise Rejected(
            "base_has_no_labels",
            _("The base model {model} has not learned your labels.", model=repr(model.removeprefix("base:"))),
            _("Choose a finished run; its page shows how the base model did on the test rows."),
        )
    run_id, _separator, step = model.partition(STEP_SEPARATOR)
    folder = checkpoints.folder_of(user_id, run_id, step_number(step))[0] if step else adapter_folder(user_id, run_id)
    check_numbers(read_together(runs.get_run(user_id, run_id)), asked)
    body = [texts[0] if len(texts) == 1 else texts for texts in asked]
    return _ask(inference_client.wake(), {"adapter": str(folder), "inputs": body})


def read_together(run: Run) -> tuple[Role, ...]:
    """The roles of the texts that a run's model reads together."""
    return task_type(run.task_type).input_roles(run.spec["columns"])


def check_numbers(roles: Sequence[Role], inputs: Sequence[Sequence[str]]) -> None:
    """Refuse inputs of another number of texts than are read together.

    Raises:
        Rejected: ``wrong_number_of_texts``.
    """
    wanted = max(1, len(roles))
    for number, texts in enumerate(inputs, 1):
        if len(texts) == wanted:
            continue
        if wanted == 1:
            raise Rejected(
                "wrong_number_of_texts",
                _("Input {number} is a list of texts; this model reads one text at a time.", number=number),
                _("Send each text by itself."),
            )
        raise Rejected(
            "wrong_number_of_texts",
            _(
                "This model reads {wanted} texts together; input {number} has {texts}.",
                wanted=wanted,
                number=number,
                texts=len(texts),
            ),
            _("Send each input as a list: {titles}.", titles=", ".join(_(role.title) for role in roles)),
        )


def _check_inputs(inputs: Sequence[Sequence[str]]) -> None:
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise Rejected(
            "inputs",
            _("{inputs} texts were sent.", inputs=len(inputs)),
            _("Send 1 to {MAX_INPUTS} texts at a time.", MAX_INPUTS=MAX_INPUTS),
        )
    for number, texts in enumerate(inputs, 1):
        for text in texts:
            _check_text(number, text)


def _check_text(number: int, text: str) -> None:
    if not text.strip():
        raise Rejected("empty_input", _("Text {amount} is empty.", amount=number), _("Type something, or remove it."))
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
