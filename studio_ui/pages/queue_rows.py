"""One run in the queue: its place, why it waits, expected times, and the buttons of its owner."""

from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import QUEUED
from app.services.runs.queue_page import QueueOverview, QueueRow
from studio_ui.components.nodes import Node, action, chooser, el
from studio_ui.formats import count, counted, duration
from studio_ui.run_words import done_share, method_title, phase_words

PRIORITIES = [
    ("high", gettext_noop("First of mine")),
    ("normal", gettext_noop("Normal")),
    ("low", gettext_noop("Last of mine")),
]


def queue_row(row: QueueRow, queue: QueueOverview) -> Node:
    """The item of a list; another person's run shows neither its name nor what it trains."""
    about = [
        el("a", row.name, href=f"/run?id={row.id}", cls="queue-name")
        if row.id
        else el("span", row.name, cls="queue-name muted"),
        el("span", f"  {method_title(row.method or '')}", cls="muted") if row.id else None,
        el("span", f" · {counted(row.devices, 'device')}", cls="muted") if row.devices > 1 else None,
        *_state(row),
    ]
    return el(
        "li",
        _place(row),
        el("div", about),
        _times(row, queue.now),
        el("div", _buttons(row, queue) if row.mine else None, cls="queue-buttons"),
        cls="queue-row" if row.mine else "queue-row theirs",
        id=f"queued-{row.id}" if row.id else None,
        data_run=row.id,
    )


def _place(row: QueueRow) -> Node:
    if row.position:
        shown, spoken = str(row.position), _("Number {position}", position=row.position)
    else:
        shown, spoken = ("‖", _("Paused")) if row.state == QUEUED else ("●", _("Running"))
    return el("span", shown, cls="queue-place", role="img", aria_label=spoken)


def _state(row: QueueRow) -> list[Node]:
    """Why a run waits, or how far it is."""
    if row.state == QUEUED:
        return [el("p", row.why, cls="queue-why")]
    step, total = row.progress.get("step") or 0, row.progress.get("total_steps")
    where = _(" on {machine}", machine=row.worker.split(":")[0]) if row.mine and row.worker else ""
    words = (
        _(
            "{phase} · step {step} of {total}",
            phase=phase_words(row.phase, row.progress),
            step=count(step),
            total=count(total),
        )
        if total
        else phase_words(row.phase, row.progress)
    )
    done = done_share(row.progress)
    bar = (
        el("progress", max=1, value=round(done, 4), aria_label=_("Progress of {row}", row=row.name))
        if done is not None
        else ""
    )
    return [el("p", words + where, cls="queue-why"), bar]


def _times(row: QueueRow, now: float) -> Node:
    if row.state == QUEUED and row.position is None:
        return el("span")
    since = duration(now - row.started_at) if row.started_at else "–"
    first = (_("Starts"), in_words(row.starts_at, now)) if row.state == QUEUED else (_("Since"), since)
    pairs = [first, (_("Ends"), in_words(row.ends_at, now))]
    return el("dl", [[el("dt", name), el("dd", value)] for name, value in pairs], cls="queue-times")


def in_words(moment: float | None, now: float) -> str:
    """An expected moment as people say it: "any moment", "in about 6 min"."""
    if moment is None:
        return _("not known")
    left = moment - now
    if left < 5:
        return _("any moment")
    return (
        _("in about {left} s", left=round(left / 5) * 5)
        if left < 90
        else _("in about {left}", left=duration(round(left / 60) * 60))
    )


def _buttons(row: QueueRow, queue: QueueOverview) -> list[Node]:
    if row.stopping:
        return [el("span", _("Stopping…"), cls="muted")]
    waiting = row.state == QUEUED
    stop = _button(row, _("Take out") if waiting else _("Stop"), "cancel", look="stop", confirm=_confirm(row))
    if row.pausing:
        return [el("span", _("Saving, then pausing…"), cls="muted"), stop]
    if waiting and row.position is None:
        return [_button(row, _("Resume"), "resume", look="primary"), stop]
    pause = _button(row, _("Pause"), "pause")
    return [*_order(row, queue), pause, stop] if waiting else [pause, stop]


def _button(row: QueueRow, text: str, name: str, **options: object) -> Node:
    return action(text, name, row.id, aria_label=f"{text}: {row.name}", **options)  # type: ignore[arg-type]


def _confirm(row: QueueRow) -> tuple[str, str, str]:
    if row.state == QUEUED:
        words = _("“{row}” will not be trained. You can put it back from its page.", row=row.name)
        return _("Take this run out?"), words, _("Take it out")
    return (
        _("Stop this run?"),
        _("“{row}” keeps its last checkpoint; you can resume it later.", row=row.name),
        _("Stop it"),
    )


def _order(row: QueueRow, queue: QueueOverview) -> list[Node]:
    """The order among one's own: coarse by priority, and one place earlier or later within it."""
    mine = [run.id for run in queue.waiting if run.mine and run.priority == row.priority]
    at = mine.index(row.id)
    label = _("Order among my runs: {row}", row=row.name)
    return [
        chooser(label, "priority", row.id, [(value, _(words)) for value, words in PRIORITIES], row.priority),
        _arrow(row, "↑", _("Earlier"), "up", at == 0),
        _arrow(row, "↓", _("Later"), "down", at == len(mine) - 1),
    ]


def _arrow(row: QueueRow, mark: str, label: str, direction: str, at_end: bool) -> Node:
    """A button that keeps the focus at the end of the list, where it does nothing any more."""
    return action(
        mark,
        "move",
        [row.id, direction],
        look="arrow",
        title=label,
        aria_label=f"{label}: {row.name}",
        aria_disabled="true" if at_end else None,
    )
