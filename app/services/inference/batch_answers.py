"""Answers of one model for many rows: of models that label, request by request; of models that write, several replies at a time."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.task_types.scores import WRITTEN_FORMS, AnswerForm
from app.errors import StudioError
from app.services.inference import answer_tables, prediction, replies
from app.services.inference.answer_tables import Answer
from app.services.inference.chat import STEP_SEPARATOR, SamplingSettings
from app.services.inference.prediction import MAX_INPUT_LENGTH
from app.services.runs import runs

# Rows of one request: few enough to be answered in seconds by a large model on a CPU.
ASKED_ROWS = 32
# Refusals that are about one row: the others are asked all the same.
OF_THE_ROW = ("conversation_too_long",)
# Replies that are written at a time; the server shares steps between them.
REPLIES = 8
# The likeliest token at every step, so that the same file has the same answers.
GREEDY = SamplingSettings(max_tokens=512, temperature=0.0)


@dataclass(frozen=True)
class Asked:
    """Rows for one model: what it reads of each, text by text, and in which form it answers."""

    user_id: str
    model: str
    form: AnswerForm
    inputs: Sequence[Sequence[str]]


def answer(asked: Asked, note: Callable[[int], None]) -> list[Answer]:
    """One answer for every row, or the reason why there is none.

    Args:
        note: called after every request with the number of rows that are done.

    Raises:
        StudioError: the model cannot answer now.
    """
    found: list[Answer] = []
    size = REPLIES if asked.form in WRITTEN_FORMS else ASKED_ROWS
    for portion in _portions(asked.inputs, size):
        found += _answer(asked, portion)
        note(len(found))
    return found


def _portions(inputs: Sequence[Sequence[str]], size: int) -> Iterator[Sequence[Sequence[str]]]:
    return (inputs[at : at + size] for at in range(0, len(inputs), size))


def _answer(asked: Asked, inputs: Sequence[Sequence[str]]) -> list[Answer]:
    reasons = [_unusable(texts) for texts in inputs]
    usable = [texts for texts, reason in zip(inputs, reasons, strict=True) if not reason]
    given = iter(_ask(asked, usable) if usable else ())
    return [{answer_tables.UNANSWERED: reason} if reason else next(given) for reason in reasons]


def _unusable(texts: Sequence[str]) -> str:
    """Why the model is not asked about a row; empty where it is."""
    if not all(text.strip() for text in texts):
        return "empty"
    if any(len(text) > MAX_INPUT_LENGTH for text in texts):
        return f"longer than {MAX_INPUT_LENGTH:,} characters"
    return ""


def _ask(asked: Asked, inputs: Sequence[Sequence[str]]) -> Sequence[Answer]:
    if asked.form == "text":
        return asyncio.run(_write(asked, [texts[0] for texts in inputs]))
    return prediction.predict(
        asked.user_id, asked.model, [texts[0] if len(texts) == 1 else list(texts) for texts in inputs]
    )


async def _write(asked: Asked, prompts: Sequence[str]) -> list[Answer]:
    run = runs.get_run(asked.user_id, asked.model.partition(STEP_SEPARATOR)[0])
    system = str((run.results or {}).get("system_prompt") or "")
    return list(await asyncio.gather(*(_reply(asked, system, prompt) for prompt in prompts)))


async def _reply(asked: Asked, system: str, prompt: str) -> Answer:
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": prompt})
    text = ""
    done: dict[str, Any] = {}
    try:
        _target, events = await replies.open_reply(asked.user_id, asked.model, messages, GREEDY)
    except StudioError as error:
        if error.code not in OF_THE_ROW:
            raise
        return {answer_tables.UNANSWERED: error.message}
    async for event in events:
        text += event.get("text", "")
        done = event.get("done", done)
    return {"text": text, "finish": str(done.get("finish", ""))}
