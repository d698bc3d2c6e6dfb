"""The Files tab: the download and what is in it, what the run was made of, how it is used elsewhere, other trackers."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from app.catalog.methods import DERIVED, METHODS
from app.catalog.methods.cards import method_card
from app.catalog.task_types import DECIDED_SCORES, PRIMARY_SCORES
from app.languages import current_language, decimal, gettext_noop
from app.languages import gettext as _
from app.services.runs import tracker_exports
from app.services.runs.run_details import RunDetails
from app.services.runs.tracker_exports import ExportStatus, TrackerChoice
from studio_ui.components.nodes import Node, action, copy_button, el
from studio_ui.components.view import Content
from studio_ui.formats import byte_size, percent, score_words
from studio_ui.pages.run.wanted import NEEDS, is_active, permits_of, results_of, wanted_run
from studio_ui.run_words import ACTIVE, method_words, state_chip

SECONDS_BETWEEN_LOOKS = 3.0
SECONDS_BETWEEN_EXPORTS = 1.5
USE = 'unzip adapter.zip -d adapter\npython adapter/use_me.py "a text of your own"'
WAYS = {
    "average": gettext_noop("Average, nothing left out"),
    "average-svd": gettext_noop("Average, strongest directions only"),
    "ties": gettext_noop("Vote of the largest changes (TIES)"),
    "dare": gettext_noop("Vote of a random share (DARE)"),
    "arrow": gettext_noop("Kept apart, every word chooses (Arrow routing)"),
}
MADE = {
    "shrunk": gettext_noop("Shrunk from a full fine-tune"),
    "merged": gettext_noop("An adapter, added to the model's own weights"),
}
MERGE = gettext_noop(
    "One model without an adapter, as any program loads it. It is tested beside this run; an adapter trained on a quantized "
    "model is merged into the one in full precision, so its answers can change a little."
)
TRACKERS = gettext_noop(
    "Curves, settings and results, written by the tracker's own library. Nothing is sent anywhere unless the administrator of "
    "this studio has set the tracker's server and key for the workers."
)


def files(user_id: str, query: Mapping[str, str]) -> Content:
    """What can be downloaded and made of the run."""
    run = wanted_run(user_id, query)
    done = run.state == "succeeded"
    nodes: list[Node] = [_download(run, done), _contents(run)]
    if run.spec.get("origin"):
        nodes.append(_origin(run))
    if done and run.method != "full":
        nodes.append(permits_of(user_id, run).close(_merge(run), NEEDS))
    use = el("section", el("h3", _("Use it elsewhere")), el("pre", USE, tabindex="0"), copy_button(_("Copy"), USE))
    return Content([*nodes, use], again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)


def _download(run: RunDetails, done: bool) -> Node:
    size = results_of(run).get("adapter_bytes")
    about = _(", about {size} before packing", size=byte_size(size)) if size else ""
    words = _(
        "A zip in {value}'s own format{about}.",
        value="transformers" if run.method == "full" else "PEFT",
        about=about,
    )
    waits = _("The adapter can be downloaded here once the run has finished.")
    address = f"/api/v1/runs/{run.id}/adapter"
    link = el("a", _("Download adapter (zip)"), href=address, download="", id="files-download", cls="button primary")
    return el("section", el("h3", _("Adapter")), el("p", words if done else waits, cls="muted"), link if done else None)


def _contents(run: RunDetails) -> Node:
    weights = (
        [
            ("model.safetensors", _("the whole fine-tuned model")),
            ("config.json", _("transformers' own description of it")),
        ]
        if run.method == "full"
        else [
            ("adapter_model.safetensors", _("the trained weights")),
            ("adapter_config.json", _("PEFT's own description of them")),
        ]
    )
    brought = method_facts(run.method).get("brings")
    rest = [
        *([(brought, _("adds this method to PEFT, which does not have it"))] if brought else []),
        (_("labels and tokenizer"), _("so that answers come as your words")),
        (_("spec and model card"), _("data fingerprint, settings, results, limits")),
        ("use_me.py", _("ten lines that load it with plain transformers and peft")),
    ]
    items = [el("div", el("dt", el("code", name)), el("dd", words)) for name, words in (*weights, *rest)]
    return el("section", el("h3", _("What is inside")), el("dl", items, cls="settings"))


def method_facts(kind: str) -> dict[str, Any]:
    """The card of a method: the file that it brings, and what it refuses. Empty for one that the catalog no longer has."""
    return _facts_in(current_language(), kind)


@cache
def _facts_in(language: str, kind: str) -> dict[str, Any]:
    found = (method for method in (*METHODS, *DERIVED) if method.model_fields["kind"].default == kind)
    method = next(found, None)
    return method_words(method_card(method)) if method else {}


def _merge(run: RunDetails) -> Node:
    refused = (method_facts(run.method).get("refusals") or {}).get("merge")
    button = action(_("Merge"), "merge", run.id, look="primary", id="merge-start")
    return el(
        "section",
        el(
            "details",
            el("summary", _("Merge into one plain model")),
            el("p", refused or _(MERGE), cls="muted"),
            None if refused else el("div", button, cls="actions", id="merge-form"),
            cls="card more",
            id="merge",
        ),
    )


def _origin(run: RunDetails) -> Node:
    """What a run was made of, each parent with its score on the same held-out rows."""
    origin, found = run.spec["origin"], results_of(run).get("origin") or {}
    parents, how, scores = origin["parents"], origin.get("how"), found.get("parents") or []
    way = _(MADE.get(origin["kind"]) or WAYS.get(how, how))
    share = found.get("linear_share")
    held = "" if share is None else _(" It holds {share} of what changed in the matrices.", share=percent(share))
    items = []
    for at, parent in enumerate(parents):
        weight = _("weight {weight}", weight=f"{parent['weight']:g}") if len(parents) > 1 and how != "arrow" else ""
        words = [
            part for part in (weight, _score_words(scores[at].get("metrics") if at < len(scores) else None)) if part
        ]
        address = f"/run?{urlencode({'id': parent['run_id']})}"
        link = el("a", parent.get("name") or parent["run_id"], href=address)
        items.append(el("div", el("dt", link), el("dd", " · ".join(words) or "–")))
    if scores:
        items.append(el("div", el("dt", _("This run")), el("dd", _score_words(results_of(run).get("metrics")) or "–")))
    return el(
        "section",
        el("h3", _("Made of other runs")),
        el("p", _("{way}; nothing was trained.{held}", way=way, held=held), cls="muted"),
        el("dl", items, cls="settings"),
        id="run-origin",
    )


def _score_words(scores: Mapping[str, float] | None) -> str:
    found = scores or {}
    words = [
        f"{_(score.title)} {score_words(score.key, found[score.key])}"
        for score in PRIMARY_SCORES
        if score.key in DECIDED_SCORES and score.key in found
    ]
    return ", ".join(
        [*words, *([_("loss {loss}", loss=decimal(found["loss"], 3))] if found.get("loss") is not None else [])]
    )


def trackers(user_id: str, query: Mapping[str, str]) -> Content:
    """The trackers that an ended run can be written for, and what was written."""
    run = wanted_run(user_id, query)
    if is_active(run):
        return Content("", again=SECONDS_BETWEEN_LOOKS)
    found = tracker_exports.list_exports(user_id, run.id)
    made = {export.tracker: export for export in found.exports}
    items = [_tracker(tracker, made.get(tracker.name)) for tracker in found.trackers]
    listed = el("ul", items, id="tracker-list", cls="fetch-list", aria_label=_("Trackers"))
    busy = any(export.state in ACTIVE for export in found.exports)
    nodes = [el("h3", _("For another tracker")), el("p", _(TRACKERS), cls="muted"), listed]
    section = permits_of(user_id, run).close(el("section", nodes, id="trackers"), NEEDS)
    return Content(section, again=SECONDS_BETWEEN_EXPORTS if busy else None)


def _tracker(tracker: TrackerChoice, made: ExportStatus | None) -> Node:
    error = made.error if made else None
    return el(
        "li",
        el("div", el("strong", tracker.title), state_chip(made.state) if made else None, cls="fetch-head"),
        el("p", _(tracker.summary), cls="muted small"),
        el("p", f"{error['message']} ", el("span", error.get("hint") or "", cls="muted"), role="alert")
        if error
        else None,
        el("p", made.after, cls="small") if made and made.after else None,
        el("div", _tracker_actions(tracker, made), cls="actions"),
        cls="fetch",
        data_tracker=tracker.name,
    )


def _tracker_actions(tracker: TrackerChoice, made: ExportStatus | None) -> list[Node]:
    if made is None:
        return [action(_("Write"), "write", tracker.name)]
    if made.state in ACTIVE:
        return [action(_("Stop"), "stop", made.id, look="stop")]
    buttons: list[Node] = []
    if made.address:
        buttons.append(el("a", _("Open"), href=made.address, target="_blank", rel="noreferrer noopener", cls="button"))
    if made.bytes:
        words = _("Download ({bytes})", bytes=byte_size(made.bytes))
        buttons.append(el("a", words, href=f"/api/v1/exports/{made.id}/files", download="", cls="button"))
    return [*buttons, action(_("Write again"), "write", tracker.name)]
