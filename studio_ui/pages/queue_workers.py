"""Workers and inference servers on the Queue page: whether they answer, what they have and what they do."""

from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.queue.inference_servers import InferenceServerStatus
from app.services.queue.workers import WorkerStatus
from app.services.runs.queue_page import QueueOverview
from studio_ui.components.nodes import Node, el
from studio_ui.formats import byte_size, count, counted, duration

SERVER_STATES = {
    "ready": gettext_noop("Ready"),
    "starting": gettext_noop("Starting"),
    "resting": gettext_noop("Idle; it starts with the next request"),
    "yielded": gettext_noop("Stopped to free its GPU for a training"),
}
# Heartbeats come every few seconds; younger ones read alike, so that an idle queue has nothing new to send.
FRESH_SECONDS = 15.0


def worker_cards(queue: QueueOverview) -> list[Node]:
    """One card for each worker, or what to do when there is none."""
    hint = _("Runs wait until one starts: `studio up` starts one, in server mode `studio worker` does.")
    return [_worker(worker, queue.now) for worker in queue.workers] or [_missing(_("No worker is running."), hint)]


def server_cards(queue: QueueOverview) -> list[Node]:
    """One card for each inference server, or what to do when there is none."""
    hint = _(
        "Models are not available until one starts: `studio up` starts one, in server mode `studio inference` does."
    )
    missing = [_missing(_("No inference server is running."), hint)]
    return [_server(server, queue.now) for server in queue.servers] or missing


def _missing(title: str, hint: str) -> Node:
    return el("li", el("strong", title, cls="worker-bad"), el("p", hint, cls="muted"), cls="worker-card")


def _worker(worker: WorkerStatus, now: float) -> Node:
    machine = worker.machine
    gpus = machine.get("gpus") or []
    free, memory = machine.get("free_memory_bytes") or 0, machine.get("memory_bytes") or 0
    room = _(
        "Memory {free} of {memory} free · disk {free_disk_bytes} free",
        free=byte_size(free),
        memory=byte_size(memory),
        free_disk_bytes=byte_size(machine.get("free_disk_bytes") or 0),
    )
    has = [_gpu(gpu) for gpu in gpus] or [
        _("No GPU; CPU with {threads}", threads=counted(machine.get("threads") or 1, "thread"))
    ]
    return el(
        "li",
        _head(worker.host, worker.alive and not worker.barred, _worker_state(worker)),
        [el("p", words) for words in has],
        _offer(machine.get("offer") or {}, len(gpus)),
        el("p", room, cls="muted"),
        _heard(worker, now),
        cls="worker-card",
    )


def _worker_state(worker: WorkerStatus) -> str:
    if not worker.alive:
        return _("Silent for {seconds_since}", seconds_since=duration(worker.seconds_since))
    if worker.barred:
        return _("Disabled: its GPU failed twice")
    return _("Working") if worker.job_id else _("Free")


def _gpu(gpu: dict[str, Any]) -> str:
    busy = gpu.get("busy_percent")
    words = _(
        "{name}, {free_bytes} of {total_bytes} free",
        name=gpu["name"],
        free_bytes=byte_size(gpu["free_bytes"]),
        total_bytes=byte_size(gpu["total_bytes"]),
    )
    return words if busy is None else _("{words}, {busy} % busy", words=words, busy=busy)


def _offer(offer: dict[str, Any], gpus: int) -> Node:
    """What a worker takes, where that is not simply one run on one device."""
    least, most = offer.get("least") or 1, offer.get("devices") or 1
    if least > 1:
        number = _("{low} to {high}", low=count(least), high=count(most)) if most > least else count(least)
        return el("p", _("Takes only runs that ask for {amount} devices", amount=number), cls="muted")
    return (
        el("p", _("A run may use up to {most} of them together", most=count(most)), cls="muted")
        if gpus and most > 1
        else ""
    )


def _server(server: InferenceServerStatus, now: float) -> Node:
    state = (
        _(SERVER_STATES[server.state])
        if server.alive
        else _("Silent for {seconds_since}", seconds_since=duration(server.seconds_since))
    )
    problem = server.facts.get("problem")
    hint = _("Last time {problem}. The log of the process inference says more.", problem=problem)
    return el(
        "li",
        _head(server.host, server.alive, state),
        el("p", _in_memory(server)),
        el("p", hint, cls="worker-bad") if problem else None,
        _heard(server, now),
        cls="worker-card",
        data_state=server.state if server.alive else "silent",
    )


def _in_memory(server: InferenceServerStatus) -> str:
    if server.state != "ready":
        return _("No model is in memory.")
    facts = server.facts
    tuned, classifiers = facts.get("tuned") or 0, facts.get("classifiers") or 0
    kinds = [
        ", ".join(facts.get("bases") or ()),
        f"{facts['vllm']} (vLLM)" if facts.get("vllm") else "",
        counted(tuned, "fine-tuned model") if tuned else "",
        counted(classifiers, "classifier") if classifiers else "",
    ]
    held = " · ".join(kind for kind in kinds if kind)
    return (_("In memory: {held}", held=held) if held else _("No model is in memory yet")) + _busy(facts)


def _busy(facts: dict[str, Any]) -> str:
    replies, waiting = facts.get("replies") or 0, facts.get("waiting") or 0
    if not replies and not waiting:
        return ""
    return _(" · {replies} being generated", replies=counted(replies, "answer")) + (
        _(", {waiting} waiting", waiting=waiting) if waiting else ""
    )


def _head(host: str, good: bool, state: str) -> Node:
    return el("p", el("strong", host), " ", el("span", f"● {state}", cls="worker-good" if good else "worker-bad"))


def _heard(process: WorkerStatus | InferenceServerStatus, now: float) -> Node:
    ago = process.seconds_since
    heard = (
        _("less than {seconds} s ago", seconds=f"{FRESH_SECONDS:.0f}")
        if ago < FRESH_SECONDS
        else _("{time} ago", time=duration(ago))
    )
    started = now - process.started_at
    began = _("less than a minute ago") if started < 60 else _("{time} ago", time=duration(started // 60 * 60))
    return el("p", _("Started {began} · last heard of {heard}", began=began, heard=heard), cls="muted")
