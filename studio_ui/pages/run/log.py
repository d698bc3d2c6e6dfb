"""The Log tab: the error first, then what happened, then the trainer's own lines, searchable."""

from collections.abc import Mapping

from app.languages import gettext as _
from app.services.runs import metrics, run_logs
from app.services.runs.metrics import EventDetails
from studio_ui.components.nodes import Node, action, copy_button, el, moment
from studio_ui.components.view import Content
from studio_ui.pages.run.wanted import NEEDS, SECONDS_BETWEEN_LOOKS, is_active, permits_of, wanted_run


def what_happened(user_id: str, query: Mapping[str, str]) -> Content:
    """Why the run failed, if it did, and its events."""
    run = wanted_run(user_id, query)
    nodes: list[Node] = [permits_of(user_id, run).close(_error(run.error), NEEDS)] if run.error else []
    events = [_event(event) for event in _events(user_id, run.id)]
    nodes += [el("h3", _("What happened")), el("ol", events, cls="events", id="log-events", data_end=True)]
    return Content(nodes, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)


def _events(user_id: str, run_id: str) -> list[EventDetails]:
    found: list[EventDetails] = []
    page = metrics.events_since(user_id, run_id)
    while page.events:
        found += page.events
        page = metrics.events_since(user_id, run_id, page.after)
    return found


def _error(error: Mapping[str, str]) -> Node:
    return el(
        "div",
        el("strong", error["message"]),
        el("p", error.get("hint") or _("The lines below show the cause.")),
        action(_("Retry from the last checkpoint"), "resume", None, look="primary", id="log-retry"),
        cls="log-error",
        id="log-error",
        role="alert",
    )


def _event(event: EventDetails) -> Node:
    words = event.message if event.severity == "info" else f"{event.severity}: {event.message}"
    return el("li", moment(event.at, "clock"), el("span", words), cls=f"event event-{event.severity}")


def last_lines(user_id: str, query: Mapping[str, str]) -> Content:
    """The end of the trainer's log; only lines that hold what is searched for."""
    run = wanted_run(user_id, query)
    text = run_logs.tail(user_id, run.id)
    searched = query.get("log", "").lower()
    kept = "\n".join(line for line in text.split("\n") if searched in line.lower()).strip()
    empty = _("The trainer has written nothing yet.") if is_active(run) else _("The log is empty.")
    shown = kept or (_("No line contains this.") if searched else empty)
    nodes: list[Node] = [
        el("pre", shown, id="log-text", tabindex="0", aria_label=_("Last lines of the log"), data_end=True),
        copy_button(_("Copy"), text, id="log-copy"),
    ]
    return Content(nodes, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)
