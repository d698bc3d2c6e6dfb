"""What people change on the run page; each does what the REST route of the same verb does."""

from typing import Any
from urllib.parse import urlencode

import gradio as gr

from app.errors import StudioError
from app.languages import gettext as _
from app.services.accounts.access import TO_CHANGE, TO_TRAIN
from app.services.runs import checkpoints, derivations, generation_samples, run_table, runs, tracker_exports
from studio_ui.components.view import reload
from studio_ui.formats import count
from studio_ui.pages.run.wanted import permits_of, tabs_without, wanted_id, wanted_run
from studio_ui.session import REFUSED, query_of, user_of

TABS = ("curves", "examples", "confusion", "labels", "certainty", "config", "checkpoints", "log", "files")
PARTS = 8


def open_page(tab: str, request: gr.Request) -> tuple[Any, ...]:
    """What native components show of the run: name, note, tags to choose from, the tab to begin with, what applies at all, and
    what the address says of checkbox and searches."""
    user, query = user_of(request), query_of(request)
    try:
        run = wanted_run(user, query)
    except StudioError:
        # The page itself shows it.
        return (gr.skip(),) * PARTS
    hidden = tabs_without(run)
    permits = permits_of(user, run)
    may_change = permits.allows(TO_CHANGE)
    first = "log" if run.state == "failed" else "curves"
    return (
        gr.update(value=run.name, interactive=may_change),
        gr.update(value=run.note, interactive=may_change),
        gr.update(choices=run_table.tags(user), visible=may_change, interactive=True),
        {"asked": tab, "open": tab if tab in TABS and tab not in hidden else first},
        gr.update(visible=run.state == "succeeded" and run.method == "full" and permits.allows(TO_TRAIN)),
        query.get("changed") == "1",
        query.get("find", ""),
        query.get("log", ""),
    )


def sample_steps(step: str, request: gr.Request) -> Any:
    """The checks to choose from, with the one that is shown."""
    user, run_id = user_of(request), wanted_id(query_of(request))
    found = generation_samples.at_step(user, run_id, int(step) if step.isdecimal() else None)
    choices = [(count(item), str(item)) for item in found.steps]
    return gr.update(choices=choices, value=str(found.step), visible=bool(found.rows))


def rename(name: str, request: gr.Request) -> tuple[str, Any]:
    """Save a changed name; a refusal is shown and brings the old one back."""
    user, query = user_of(request), query_of(request)
    before = wanted_run(user, query).name
    if name.strip() == before:
        return before, gr.skip()
    try:
        saved = runs.rename(user, wanted_id(query), name.strip()).name
    except StudioError as error:
        gr.Warning(f"{error.message} {error.hint}".strip(), title=_(REFUSED))
        return before, gr.skip()
    gr.Success(_("Name saved."))
    return saved, reload()


def note(words: str, request: gr.Request) -> str:
    """Save a changed note."""
    user, run_id = user_of(request), wanted_id(query_of(request))
    if words.strip() == runs.get_run(user, run_id).note:
        return words
    return run_table.mark(user, run_id, note=words.strip()).note


def add_tag(tag: str | None, request: gr.Request) -> tuple[Any, Any]:
    """Give the run one more tag and empty the field."""
    user, run_id = user_of(request), wanted_id(query_of(request))
    if not (tag or "").strip():
        return gr.skip(), gr.skip()
    before = runs.get_run(user, run_id).tags
    run_table.mark(user, run_id, tags=[*before, str(tag)])
    return gr.update(value="", choices=run_table.tags(user)), reload()


def mark(request: gr.Request, event: gr.EventData) -> Any:
    """Give or take the star, or take a tag away."""
    user, run_id = user_of(request), wanted_id(query_of(request))
    if event.name == "star":
        run_table.mark(user, run_id, starred=bool(event.value))
    else:
        kept = [tag for tag in runs.get_run(user, run_id).tags if tag != event.value]
        run_table.mark(user, run_id, tags=kept)
    return reload()


def control(request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
    """Stop, pause, resume, or train one more pass; sharing has a listener of its own."""
    if event.name == "share":
        return gr.skip(), gr.skip()
    user, run_id, waiting = user_of(request), wanted_id(query_of(request)), event.value is True
    if event.name == "cancel":
        runs.request_cancel(user, run_id)
        gr.Success(_("Taken out of the queue.") if waiting else _("Stopping; the last checkpoint is kept."))
    elif event.name == "pause":
        runs.pause(user, run_id)
        gr.Success(_("Paused.") if waiting else _("Saving, then pausing."))
    elif event.name == "resume":
        paused = wanted_run(user, query_of(request)).paused
        runs.resume(user, run_id)
        gr.Success(_("Back in the queue.") if paused else _("Queued again."))
    else:
        runs.continue_training(user, run_id, 1.0)
        gr.Success(_("Queued for one more pass over the data."))
    return reload(), reload()


def checkpoint(request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
    """Delete a checkpoint, or ask for how many epochs to go on from it."""
    step = int(event.value)
    if event.name == "delete":
        checkpoints.remove(user_of(request), wanted_id(query_of(request)), step)
        gr.Success(_("Deleted."))
        return reload(), gr.skip(), gr.skip(), gr.skip()
    words = _("### Continue from step {step}", step=count(step))
    return gr.skip(), gr.update(visible=True), words, step


def continue_from(step: Any, epochs: float | None, request: gr.Request) -> str:
    """Queue a run that goes on from a checkpoint; its address."""
    user, run_id = user_of(request), wanted_id(query_of(request))
    made = checkpoints.continue_from(user, run_id, int(step), float(epochs or 0))
    return run_address(made.id)


def merge(request: gr.Request, event: gr.EventData) -> str:
    """Queue the merge of the adapter into its model; the address of the new run."""
    return run_address(derivations.merge(user_of(request), wanted_id(query_of(request))).id)


def shrink(rank: float | None, request: gr.Request) -> str:
    """Queue the extraction of a LoRA from a full fine-tune; the address of the new run."""
    made = derivations.shrink(user_of(request), wanted_id(query_of(request)), rank=round(rank or 0))
    return run_address(made.id)


def export(request: gr.Request, event: gr.EventData) -> Any:
    """Write the run for a tracker, or stop that."""
    if event.name == "stop":
        tracker_exports.cancel(user_of(request), str(event.value))
    else:
        tracker_exports.start(user_of(request), wanted_id(query_of(request)), str(event.value))
    return reload()


def run_address(run_id: str) -> str:
    """The page of a run."""
    return f"/run?{urlencode({'id': run_id})}"
