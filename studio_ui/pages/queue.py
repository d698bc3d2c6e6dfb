"""Queue: what works, what waits and why, what is paused, and the workers. One's own runs can be reordered, paused and stopped here."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop, localized
from app.services.accounts import limits
from app.services.accounts.limits import Usage
from app.services.runs import queue_page, run_details, runs
from app.services.runs.queue_page import QueueOverview, QueueRow
from studio_ui.components.nodes import Node, el, empty_state
from studio_ui.components.view import Content, View, reload, show
from studio_ui.formats import counted
from studio_ui.pages.page import Page
from studio_ui.pages.queue_rows import queue_row
from studio_ui.pages.queue_workers import server_cards, worker_cards
from studio_ui.session import listen, user_of

SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_IDLE_LOOKS = 2.0, 10.0
PURPOSE = gettext_noop(
    "What is being trained and what waits: when each run is expected to start and end, and why it waits."
)


def build(blocks: gr.Blocks) -> None:
    """The queue, and a line for screen readers that says what a change has done."""
    with gr.Column(elem_id="queue-page"):
        queue = View(describe_queue, lines=4, elem_id="queue-body", min_height=320)
        announcement = View(value={"nodes": spoken("")}, lines=0, elem_id="queue-said")
    listen(queue.action, change, None, [queue, announcement])


def spoken(words: str) -> Node:
    """A line for screen readers, which they read when its words change."""
    return el("p", words, cls="sr-only", role="status")


def change(request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
    """Do what the button of a run says."""
    words = CHANGES[event.name](user_of(request), event.value)
    return reload(), show(spoken(words))


def _move(user_id: str, value: Any) -> str:
    run_id, direction = (str(part) for part in value)
    run = runs.move(user_id, run_id, direction)
    return _("“{run}” is now {place}.", run=run.name, place=_place(user_id, run_id))


def _set_priority(user_id: str, value: Any) -> str:
    run_id, priority = (str(part) for part in value)
    run = runs.set_priority(user_id, run_id, priority)
    return _("“{run}” is now {place}.", run=run.name, place=_place(user_id, run_id))


def _place(user_id: str, run_id: str) -> str:
    position = run_details.queue_position(runs.get_run(user_id, run_id))
    return _("number {position} of the queue", position=position) if position else _("outside the queue")


def _pause(user_id: str, value: Any) -> str:
    run = runs.pause(user_id, str(value))
    gr.Success(_("Paused.") if run.job.paused_at is not None else _("Saving, then pausing."))
    return ""


def _resume(user_id: str, value: Any) -> str:
    runs.resume(user_id, str(value))
    gr.Success(_("Back in the queue."))
    return ""


def _cancel(user_id: str, value: Any) -> str:
    waited = runs.get_run(user_id, str(value)).job.started_at is None
    runs.request_cancel(user_id, str(value))
    gr.Success(_("Taken out of the queue.") if waited else _("Stopping; the last checkpoint is kept."))
    return ""


CHANGES: dict[str, Callable[[str, Any], str]] = {
    "move": _move,
    "priority": _set_priority,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
}


def describe_queue(user_id: str, query: Mapping[str, str]) -> Content:
    """Running, waiting and paused runs, workers and inference servers."""
    queue = queue_page.describe(user_id)
    moving = bool(queue.running or queue.waiting)
    summary = _(
        "{running} working, {waiting} waiting.", running=counted(len(queue.running), "run"), waiting=len(queue.waiting)
    )
    parts = [
        el("p", summary, cls="sr-only", role="status", id="queue-status"),
        *_runs(queue, limits.usage(user_id)),
        _cards(_("Workers"), "queue-workers", worker_cards(queue)),
        _cards(_("Inference servers"), "queue-servers", server_cards(queue)),
    ]
    return Content(parts, again=SECONDS_BETWEEN_LOOKS if moving else SECONDS_BETWEEN_IDLE_LOOKS)


def _runs(queue: QueueOverview, usage: Usage) -> list[Node]:
    if not queue.running and not queue.waiting and not queue.paused:
        words = _("Runs that you start appear here until they have ended.")
        return [empty_state(_("Nothing is waiting."), words, ("/new", _("Tune a model")))]
    others_wait = any(not row.mine for row in queue.waiting)
    turns = _("People take turns: everybody's first run comes before anybody's second.")
    sections = [
        _section("queue-running", _("Running"), "", queue.running, queue),
        _section("queue-waiting", _("Waiting"), turns if others_wait else "", queue.waiting, queue),
        _section("queue-paused", _("Paused"), "", queue.paused, queue),
    ]
    return [*sections, el("p", _usage_words(usage), cls="muted small", id="queue-usage")]


def _section(id_: str, title: str, note: str, rows: Any, queue: QueueOverview) -> Node:
    found: list[QueueRow] = list(rows)
    if not found:
        return ""
    heading = el("h2", title, el("span", note or counted(len(found), "run"), cls="muted"))
    listed = el("ul", [queue_row(row, queue) for row in found], cls="queue-list", aria_label=title)
    return el("section", heading, listed, cls="queue-section", id=id_, aria_label=title)


def _cards(title: str, id_: str, cards: list[Node]) -> Node:
    listed = el("ul", cards, cls="worker-list", id=id_)
    return el("section", el("h2", title), listed, cls="queue-section", aria_label=title, id=f"{id_}-section")


def _usage_words(usage: Usage) -> str:
    words = ""
    if usage.max_active:
        words = _(
            "{active} of your at most {max_active} are waiting or working.",
            active=usage.active,
            max_active=counted(usage.max_active, "run"),
        )
    if usage.max_hours:
        words += _(
            " Yours took {hours} of {max_hours} hours in the last seven days.",
            hours=localized(f"{usage.hours:.1f}"),
            max_hours=localized(f"{usage.max_hours:g}"),
        )
    return words


QUEUE = Page(path="/queue", title="Queue", nav_label="Queue", purpose=PURPOSE, build=build)
