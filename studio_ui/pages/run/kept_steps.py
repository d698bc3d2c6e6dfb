"""The Checkpoints tab: what is kept of a run and why; try one, continue from one, delete one."""

from collections.abc import Mapping

from app.languages import gettext as _
from app.services.runs import checkpoints
from app.services.runs.checkpoints import CheckpointDetails
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, action, el, empty_state, moment, table
from studio_ui.components.view import Content
from studio_ui.formats import byte_size, count, score_words
from studio_ui.pages.run.header import try_address
from studio_ui.pages.run.wanted import NEEDS, is_active, permits_of, wanted_run

SECONDS_BETWEEN_LOOKS = 3.0


def kept_steps(user_id: str, query: Mapping[str, str]) -> Content:
    """The kept checkpoints, the newest first."""
    run = wanted_run(user_id, query)
    kept = checkpoints.list_checkpoints(user_id, run.id)
    again = SECONDS_BETWEEN_LOOKS if is_active(run) else None
    if not kept:
        text = _("The first is written at the first evaluation, or after a minute of training.")
        return Content(empty_state(_("No checkpoint is kept."), text), again=again)
    names = list(dict.fromkeys(name for item in kept for name in item.metrics))
    heads = [(_("Step"), ""), *((name.replace("_", " "), "number") for name in names), (_("Size"), "number")]
    heads += [(_("Written"), ""), (_("Kept because"), "why-kept"), (_("What to do"), "")]
    rows: list[list[Node]] = [
        [
            el("span", count(item.step), el("span", _("selected"), cls="badge") if item.selected else None),
            *(_score(name, item.metrics.get(name)) for name in names),
            byte_size(item.bytes),
            moment(item.created_at),
            item.why if item.complete else _("its files are gone; nothing can be done with it"),
            _actions(run, item),
        ]
        for item in kept
    ]
    words = _(
        "The best and the newest two are kept, {sum} in all. Continuing from one makes a new run with its weights, optimiser state and position in the data; this run stays as it is.",
        sum=byte_size(sum(item.bytes for item in kept)),
    )
    steps = [str(item.step) for item in kept]
    listed = table(_("Checkpoints"), heads, rows, id_="checkpoints-table", row_ids=steps)
    return Content(permits_of(user_id, run).close([el("p", words, cls="muted"), listed], NEEDS), again=again)


def _actions(run: RunDetails, checkpoint: CheckpointDetails) -> Node:
    at = _("step {step}", step=count(checkpoint.step))
    text = _("It frees {bytes} and cannot be undone.", bytes=byte_size(checkpoint.bytes))
    refused = _("The result is made of this one.") if checkpoint.selected else _("The run is still active.")
    remove = action(
        _("Delete"),
        "delete",
        checkpoint.step,
        cls="button small quiet checkpoint-delete",
        confirm=(_("Delete {at}?", at=at), text, _("Delete it")),
        aria_label=_("Delete {at}", at=at),
        disabled=not checkpoint.deletable,
        title=None if checkpoint.deletable else refused,
    )
    # A cross-validated run is not trained further; its folds would not be.
    folded = run.spec.get("training", {}).get("cross_validation_folds")
    go_on = (
        []
        if folded
        else [
            action(
                _("Continue from here"),
                "continue",
                checkpoint.step,
                cls="button small checkpoint-continue",
                aria_label=_("Continue from {at}", at=at),
            )
        ]
    )
    tried = el(
        "a", _("Try it"), href=try_address(run, checkpoint.step), cls="button small", aria_label=_("Try {at}", at=at)
    )
    return el("div", *([tried, *go_on] if checkpoint.complete else []), remove, cls="row-actions")


def _score(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return score_words(name, value)
