"""Talks to models through the inference server: who may talk to which, and the stream of a reply. Loads no model itself."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from app import manifest
from app.catalog.base_models import base_model, base_models
from app.catalog.task_types import TASK_TYPES
from app.db import snapshot
from app.errors import Conflict, Rejected, StudioError
from app.models import SUCCEEDED, Checkpoint, Job, Run
from app.services.inference import inference_client
from app.services.runs import checkpoints, runs
from app.services.runs.adapters import adapter_folder

BASE, AT = "base:", "@"
# Nothing at all for so long means that the server is stuck; a reply may take longer, piece by piece.
SILENT_SECONDS = 120.0
Messages = Sequence[dict[str, str]]


@dataclass(frozen=True)
class SamplingSettings:
    """How replies are chosen; ``temperature`` 0 always takes the most probable token, ``seed`` makes chance repeatable."""

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class ChatTarget:
    """A model that somebody may talk to: a base model, or what one of their runs made of it, in the end or on its way."""

    model: str
    name: str
    base: str
    adapter: Path | None = None
    adapter_sha256: str = ""


def find_chat_target(user_id: str, model: str) -> ChatTarget:
    """The model called ``base:<name>``, by one's own run's id, or ``<run id>@<step>`` for one of its checkpoints.

    Raises:
        NotFound, Rejected, Conflict: there is none, it does not write text, or it has no adapter (yet).
    """
    if model.startswith(BASE):
        card = base_model(model.removeprefix(BASE))
        if card.name not in {each.name for each in talking_bases()}:
            raise _cannot_talk(card.title)
        return ChatTarget(model, card.title, card.name)
    run_id, _, step = model.partition(AT)
    run = runs.get_run(user_id, run_id)
    if run.task_type not in talking_tasks():
        raise _cannot_talk(run.name)
    if step:
        number = _number(step)
        folder, digest = checkpoints.folder_of(user_id, run_id, number)
        return ChatTarget(model, _name_at(run, number), run.base_model, folder, digest)
    folder = adapter_folder(user_id, model)
    return ChatTarget(model, run.name, run.base_model, folder, manifest.sha256_of(folder / manifest.NAME))


def list_chat_targets(user_id: str) -> list[dict[str, Any]]:
    """``[{"id", "kind", "name", "base", "created_at", "system"}]``: who talks, one's own runs and checkpoints newest first.

    ``kind`` is ``base``, ``run`` or ``checkpoint``; a run that is still at work may have checkpoints already.
    """
    bases = [
        {"id": BASE + card.name, "kind": "base", "name": card.title, "base": card.name, "created_at": 0.0, "system": ""}
        for card in talking_bases()
    ]
    mine = (Run.owner_id == user_id, Run.task_type.in_(talking_tasks()), ~Run.archived)
    newest = Run.created_at.desc()
    finished = select(Run).join(Job, Run.job_id == Job.id).where(*mine, Job.state == SUCCEEDED).order_by(newest)
    kept = select(Run, Checkpoint.step).join(Checkpoint, Checkpoint.run_id == Run.id).where(*mine)
    with snapshot() as session:
        tuned = [_told(run, "run", run.id, run.name) for run in session.scalars(finished)]
        # A later try brings copies of earlier steps along, which are the same step to people.
        steps = {
            f"{run.id}{AT}{step}": _told(run, "checkpoint", f"{run.id}{AT}{step}", _name_at(run, step))
            for run, step in session.execute(kept.order_by(newest, Checkpoint.step.desc()))
        }
    return bases + tuned + list(steps.values())


def _told(run: Run, kind: str, model: str, name: str) -> dict[str, Any]:
    system = (run.results or {}).get("system_prompt") or ""
    return {
        "id": model,
        "kind": kind,
        "name": name,
        "base": run.base_model,
        "created_at": run.created_at,
        "system": system,
    }


def _name_at(run: Run, step: int) -> str:
    return f"{run.name}, step {step:,}"


def _number(step: str) -> int:
    if not step.isdecimal() or len(step) > 15:
        raise Rejected(
            "not_a_step", f"{step[:60]!r} is not a step.", "Write the run's id, @ and a number, as in `<run id>@400`."
        )
    return int(step)


def talking_tasks() -> set[str]:
    """Task types whose models write text."""
    return {task.kind for task in TASK_TYPES if task.family == "generation"}


def talking_bases() -> list[Any]:
    """Cards of the base models that can be tuned for such a task."""
    return [card for card in base_models() if talking_tasks() & set(card.task_types)]


async def stream_reply(
    server: str, voice: ChatTarget, messages: Messages, sampling: SamplingSettings, asker: str
) -> AsyncGenerator[dict[str, Any], None]:
    """``{"text": piece}`` as it comes, ``{"done": numbers}`` at the end; closing the generator stops the work.

    ``server`` is the address that :func:`inference.wake` gave.

    Raises:
        StudioError: the server's refusal, before the first piece; or it is gone, or silent.
    """
    asked = {
        "base": voice.base,
        "adapter": str(voice.adapter) if voice.adapter else None,
        "messages": list(messages),
        "asker": asker,
        **asdict(sampling),
    }
    timeout = httpx.Timeout(10.0, read=SILENT_SECONDS)
    try:
        async with (
            inference_client.async_client(server) as client,
            client.stream("POST", "/chat", json=asked, timeout=timeout) as answer,
        ):
            if answer.status_code != 200:
                raise inference_client.refusal(answer.status_code, await answer.aread())
            async for line in answer.aiter_lines():
                told = json.loads(line)
                if "error" in told:
                    raise inference_client.refusal(500, line.encode())
                yield told
    except httpx.TimeoutException:
        raise Conflict(
            "inference_slow",
            f"The model said nothing for {SILENT_SECONDS:.0f} s.",
            "Try again, or ask fewer models at once.",
        ) from None
    except httpx.HTTPError:
        raise inference_client.gone() from None


def _cannot_talk(name: str) -> StudioError:
    return Rejected("cannot_talk", f"{name!r} does not write answers.", "Choose a chat model, or a run made from one.")
