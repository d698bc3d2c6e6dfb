"""Chat with base models, runs and checkpoints: which models a person may use, and the stream of a reply."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
from sqlalchemy import select

from app import manifest
from app.catalog.base_models import base_model, base_models
from app.catalog.card import BaseModelCard
from app.catalog.task_types import TASK_TYPES
from app.db import snapshot
from app.errors import Conflict, Rejected, StudioError
from app.languages import decimal
from app.languages import gettext as _
from app.models import SUCCEEDED, Checkpoint, Job, Run
from app.services.accounts import access
from app.services.inference import inference_client
from app.services.runs import checkpoints, runs
from app.services.runs.adapters import adapter_folder

BASE_PREFIX, STEP_SEPARATOR = "base:", "@"
# Between two pieces of a reply; the whole reply may take longer.
READ_TIMEOUT = 120.0
Messages = Sequence[dict[str, str]]


@dataclass(frozen=True)
class SamplingSettings:
    """How tokens are sampled; ``temperature`` 0 is greedy decoding, ``seed`` makes sampling reproducible."""

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class ChatTarget:
    """A model to chat with: a base model, or the adapter of a finished run or of a checkpoint on it."""

    model: str
    name: str
    base: str
    adapter: Path | None = None
    adapter_sha256: str = ""


@dataclass(frozen=True)
class ListedChatTarget:
    """One choice of a person's chat models.

    Attributes:
        kind: ``run`` for finished runs; a run that is still working may have checkpoints already.
        base: name of its base model.
        system: the system prompt that it was trained with.
    """

    id: str
    kind: Literal["base", "run", "checkpoint"]
    name: str
    base: str
    created_at: float = 0.0
    system: str = ""


def find_chat_target(user_id: str, model: str) -> ChatTarget:
    """The model called ``base:<name>``, by one's own run's id, or ``<run id>@<step>`` for one of its checkpoints.

    Raises:
        NotFound, Rejected, Conflict: there is none, it does not generate text, or it has no adapter (yet).
    """
    if model.startswith(BASE_PREFIX):
        card = base_model(model.removeprefix(BASE_PREFIX))
        if card.name not in {base.name for base in chat_bases()}:
            raise _cannot_chat(card.title)
        return ChatTarget(model, card.title, card.name)
    run_id, _, step = model.partition(STEP_SEPARATOR)
    run = runs.get_run(user_id, run_id)
    if run.task_type not in generation_tasks():
        raise _cannot_chat(run.name)
    if step:
        number = step_number(step)
        folder, digest = checkpoints.folder_of(user_id, run_id, number)
        return ChatTarget(model, _name_at(run, number), run.base_model, folder, digest)
    folder = adapter_folder(user_id, model)
    return ChatTarget(model, run.name, run.base_model, folder, manifest.sha256_of(folder / manifest.NAME))


def check_chat_model(user_id: str, model: str) -> None:
    """Refuse a name that means no base model and no run of this person; whether it can answer now is not asked.

    Raises:
        NotFound, Rejected: there is none.
    """
    if model.startswith(BASE_PREFIX):
        base_model(model.removeprefix(BASE_PREFIX))
    else:
        runs.get_run(user_id, model.partition(STEP_SEPARATOR)[0])


def list_chat_targets(user_id: str, project_id: str = "") -> list[ListedChatTarget]:
    """Base models, then finished runs and checkpoints that the person may see, newest first; with ``project_id`` those of that
    project."""
    bases = [ListedChatTarget(BASE_PREFIX + card.name, "base", card.title, card.name) for card in chat_bases()]
    own = (access.visible(Run, user_id, project_id=project_id), Run.task_type.in_(generation_tasks()), ~Run.archived)
    newest = Run.created_at.desc()
    finished = select(Run).join(Job, Run.job_id == Job.id).where(*own, Job.state == SUCCEEDED).order_by(newest)
    kept = select(Run, Checkpoint.step).join(Checkpoint, Checkpoint.run_id == Run.id).where(*own)
    with snapshot() as session:
        tuned = [_listed(run) for run in session.scalars(finished)]
        # A later attempt copies the checkpoints of earlier ones; the same step is listed once.
        steps = {
            (run.id, step): _listed(run, step)
            for run, step in session.execute(kept.order_by(newest, Checkpoint.step.desc()))
        }
    return bases + tuned + list(steps.values())


def _listed(run: Run, step: int | None = None) -> ListedChatTarget:
    system = (run.results or {}).get("system_prompt") or ""
    if step is None:
        return ListedChatTarget(run.id, "run", run.name, run.base_model, run.created_at, system)
    model = f"{run.id}{STEP_SEPARATOR}{step}"
    return ListedChatTarget(model, "checkpoint", _name_at(run, step), run.base_model, run.created_at, system)


def _name_at(run: Run, step: int) -> str:
    return _("{run}, step {step}", run=run.name, step=decimal(step))


def step_number(step: str) -> int:
    """The step that is written behind a run's id.

    Raises:
        Rejected: it is no whole number.
    """
    if not step.isdecimal() or len(step) > 15:
        raise Rejected(
            "not_a_step",
            _("{step} is not a step.", step=repr(step[:60])),
            _("Write the run's id, @ and a number, as in `<run id>@400`."),
        )
    return int(step)


def generation_tasks() -> set[str]:
    """Task types whose models talk."""
    return {task.kind for task in TASK_TYPES if task.answer_form == "text"}


def chat_bases() -> list[BaseModelCard]:
    """Base models that can be tuned for such a task."""
    return [card for card in base_models() if generation_tasks() & set(card.task_types)]


async def stream_reply(
    server: str, target: ChatTarget, messages: Messages, sampling: SamplingSettings, user_id: str
) -> AsyncGenerator[dict[str, Any], None]:
    """``{"text": piece}`` as it comes, ``{"done": timings}`` at the end; closing the generator stops the generation.

    Args:
        server: address from :func:`inference_client.wake`.
        user_id: who asks; the server serves people in turn.

    Raises:
        StudioError: the server's refusal, before the first piece; or the connection was lost, or timed out.
    """
    payload = {
        "base": target.base,
        "adapter": str(target.adapter) if target.adapter else None,
        "messages": list(messages),
        "asker": user_id,
        **asdict(sampling),
    }
    timeout = httpx.Timeout(10.0, read=READ_TIMEOUT)
    try:
        async with (
            inference_client.async_client(server) as client,
            client.stream("POST", "/chat", json=payload, timeout=timeout) as answer,
        ):
            if answer.status_code != 200:
                raise inference_client.refusal(answer.status_code, await answer.aread())
            async for line in answer.aiter_lines():
                event = json.loads(line)
                if "error" in event:
                    raise inference_client.refusal(500, line.encode())
                yield event
    except httpx.TimeoutException:
        raise Conflict(
            "inference_slow",
            _("No token came for {READ_TIMEOUT} s.", READ_TIMEOUT=decimal(READ_TIMEOUT, grouped=False)),
            _("Try again, or ask fewer models at once."),
        ) from None
    except httpx.HTTPError:
        raise inference_client.connection_lost() from None


def _cannot_chat(name: str) -> StudioError:
    return Rejected(
        "cannot_talk",
        _("{name} does not generate text.", name=repr(name)),
        _("Choose a chat model, or a run made from one."),
    )
