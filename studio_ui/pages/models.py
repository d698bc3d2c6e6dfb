"""Models: the base models and tuning methods there are, and fetching another model from the hub."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.catalog.base_models import base_models
from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.cards import method_card
from app.catalog.shelf import SHELF, ShelfModel
from app.errors import NotAllowed
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts.accounts import ADMINISTRATOR
from app.services.estimates import observations
from app.services.models import model_fetches
from app.services.models.model_fetches import FetchStatus
from app.services.models.shelf_fit import FITS, FITS_COMPRESSED, TOO_LARGE, fit
from app.services.queue import machine_speeds
from app.services.queue.machine_speeds import TrainingMachine
from studio_ui.components.nodes import Node, action, el, facts, moment, table
from studio_ui.components.view import Content, View, reload
from studio_ui.formats import byte_size, count, counted, percent
from studio_ui.pages.page import Page
from studio_ui.permits import Permits
from studio_ui.run_words import ACTIVE, method_words, state_chip, task_title
from studio_ui.session import listen, user_of

SECONDS_BETWEEN_LOOKS = 1.5
# Which role the buttons take.
NEEDS = dict.fromkeys(("fetch", "remove"), ADMINISTRATOR)
FIT_WORDS = {
    FITS: gettext_noop("fits"),
    FITS_COMPRESSED: gettext_noop("fits in 4 bits"),
    TOO_LARGE: gettext_noop("too large"),
}
PURPOSE = gettext_noop(
    "The base models you can start from, with size and licence, and the tuning methods with when to choose them."
)


def build(blocks: gr.Blocks) -> None:
    """Installed models, a form to fetch another, fetches on their way, methods, and how good estimates are."""
    with gr.Column(elem_id="models-page"):
        models = View(installed_models, elem_id="installed-models", min_height=200)
        with gr.Column(elem_classes="card"):
            View(fetch_words, lines=1)
            with gr.Row(equal_height=True, visible=False) as fields:
                repo = gr.Textbox(
                    label=_("Model on the Hugging Face Hub"), placeholder=_("owner/name"), elem_id="fetch-repo"
                )
                revision = gr.Textbox("main", label=_("Branch, tag or commit"), elem_id="fetch-revision")
            start = gr.Button(_("Fetch"), elem_id="fetch-start", visible=False)
            fetches = View(fetches_on_their_way, lines=0, elem_id="fetch-list")
        on_shelf = View(shelf, elem_id="model-shelf")
        View(tuning_methods, elem_id="tuning-methods")
        View(estimate_accuracy, elem_id="estimate-quality")
    listen(blocks.load, open_form, None, [fields, start], queued=False)
    for event in (start.click, repo.submit):
        listen(event, fetch, [repo, revision], [repo, fetches])
    listen(fetches.action, change_fetch, None, fetches)
    listen(fetches.updated, reload, None, models)
    listen(models.action, remove, None, models)
    listen(on_shelf.action, fetch_from_shelf, None, [on_shelf, fetches])


def open_form(request: gr.Request) -> tuple[Any, Any]:
    """The fields are there for whoever may fetch models."""
    shown = gr.update(visible=permits_of(user_of(request)).allows(ADMINISTRATOR))
    return shown, shown


def permits_of(user_id: str) -> Permits:
    """Whether the person may bring and remove models, and why not."""
    try:
        model_fetches.check_role(user_id)
    except NotAllowed as error:
        return Permits({ADMINISTRATOR: f"{error.message} {error.hint}"})
    return Permits({})


def fetch(repo: str, revision: str, request: gr.Request) -> tuple[Any, Any]:
    """Queue a fetch and empty the field."""
    queued = model_fetches.submit(user_of(request), repo.strip(), revision.strip() or "main")
    gr.Success(_("{repo} is queued; it appears above when all of it is here and checked.", repo=queued.repo))
    return "", reload()


def fetch_from_shelf(request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
    """Queue the fetch of a model of the shelf."""
    _field, listed = fetch(str(event.value), "main", request)
    return reload(), listed


def change_fetch(request: gr.Request, event: gr.EventData) -> Any:
    """Cancel, resume or dismiss a fetch."""
    changes = {"cancel": model_fetches.cancel, "resume": model_fetches.resume, "dismiss": model_fetches.dismiss}
    changes[event.name](user_of(request), str(event.value))
    return reload()


def remove(request: gr.Request, event: gr.EventData) -> Any:
    """Delete the files of a fetched model."""
    model_fetches.remove_model(user_of(request), str(event.value))
    return reload()


def installed_models(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """One card for each base model of this machine."""
    cards = [_model_card(card) for card in base_models()]
    return [
        el("h2", counted(len(cards), "base model")),
        el("p", _("These are on this machine already."), cls="muted"),
        permits_of(user_id).close(el("div", cards, cls="columns"), NEEDS),
    ]


def _model_card(model: BaseModelCard) -> Node:
    shown = facts(
        [
            (_("Parameters"), count(model.parameters)),
            (_("Reads at most"), _("{context_length} tokens", context_length=count(model.context_length))),
            (
                _("Layers"),
                _("{layers}, each {hidden_size} wide", layers=model.layers, hidden_size=count(model.hidden_size)),
            ),
            *_kind_facts(model),
            (_("Serves"), ", ".join(task_title(kind) for kind in model.task_types)),
            (_("Licence"), model.licence),
            (_("Source"), model.source),
            (_("State"), _("installed, its weights are checked before use")),
        ]
    )
    confirm = (
        _("Remove {model}?", model=model.title),
        _("Its files are deleted from this machine. It can be fetched again."),
        _("Remove"),
    )
    return el(
        "article",
        el("div", el("h3", model.title), el("code", model.name, cls="muted"), cls="card-head"),
        el("p", _(model.summary)),
        shown,
        None
        if model.package
        else action(_("Remove from this machine"), "remove", model.name, cls="link", confirm=confirm),
        cls="card",
        id=f"model-{model.name}",
    )


def _kind_facts(model: BaseModelCard) -> list[tuple[str, str]]:
    """Type and experts, where they were read off the model."""
    experts = _("{used} of {experts} for each token", used=model.experts_used, experts=model.experts)
    return [
        *([(_("Type"), model.model_type)] if model.model_type else []),
        *([(_("Experts"), experts)] if model.experts else []),
    ]


def fetch_words(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """What can be fetched."""
    words = _(
        "Encoders and writing models of every type that transformers knows, experts included. Only safetensors files of one "
        "commit are taken; code in a model is never run."
    )
    return [el("h2", _("Another base model")), el("p", words, cls="muted"), permits_of(user_id).note(ADMINISTRATOR)]


def fetches_on_their_way(user_id: str, query: Mapping[str, str]) -> Content:
    """Fetches that are active or did not succeed."""
    found, own = model_fetches.list_fetches(), model_fetches.own_fetches(user_id)
    busy = any(item.state in ACTIVE for item in found)
    listed = (
        el("ul", [_fetch_item(item, item.id in own) for item in found], cls="fetch-list", aria_label=_("Fetches"))
        if found
        else ""
    )
    return Content(listed, again=SECONDS_BETWEEN_LOOKS if busy else None)


def _fetch_item(fetch: FetchStatus, own: bool) -> Node:
    here, total = fetch.progress.get("bytes", 0), fetch.progress.get("total_bytes", 0)
    active = fetch.state in ACTIVE
    share = (
        _(" {here} of {total}, {here_2}", here=byte_size(here), total=byte_size(total), here_2=percent(here / total))
        if total
        else f" {_(fetch.phase)}"
    )
    error = (fetch.error or {}).get("error")
    buttons = (
        [action(_("Stop"), "cancel", fetch.id, look="stop")]
        if active
        else [
            action(_("Resume") if fetch.state == "cancelled" else _("Try again"), "resume", fetch.id),
            action(_("Dismiss"), "dismiss", fetch.id),
        ]
    )
    bar = el(
        "progress",
        max=100,
        value=100 * here / total if total else None,
        aria_label=_("Progress of {repo}", repo=fetch.repo),
    )
    return el(
        "li",
        el(
            "div",
            el("strong", fetch.repo),
            el("code", fetch.commit[:8] or fetch.revision, cls="muted"),
            state_chip(fetch.state),
            cls="fetch-head",
        ),
        el("div", bar, el("span", share, cls="muted small")) if active else None,
        el(
            "p",
            _("{here} of {total} are here already.", here=byte_size(here), total=byte_size(total)),
            cls="muted small",
        )
        if fetch.state == "cancelled" and total
        else None,
        el("p", f"{error['message']} ", el("span", error.get("hint", ""), cls="muted")) if error else None,
        el("div", buttons, cls="actions") if own else None,
        cls="fetch",
        data_repo=fetch.repo,
    )


def shelf(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """Models to start from, by purpose, each with its fit on the machine that trains."""
    here = {card.hub_id for card in base_models()}
    machine = machine_speeds.training_machine()
    heads = [(_("Model"), ""), (_("Parameters"), "number"), (_("Licence"), ""), (_("On this machine"), ""), ("", "")]
    tables = [
        el("h3", _(purpose)) if entry is None else entry
        for purpose, models in SHELF.items()
        for entry in (None, table(_(purpose), heads, [_shelf_row(model, here, machine) for model in models]))
    ]
    words = _(
        "A selection from the Hugging Face Hub. Fit is for LoRA with short texts, from the size alone; the estimate before a run "
        "counts everything. Models with terms of their own need your consent on their page, and HF_TOKEN for the studio's worker."
    )
    return [
        el("h2", _("Models to start from")),
        el("p", words, cls="muted"),
        el("details", el("summary", _("Show the selection")), tables, cls="more"),
    ]


def _shelf_row(model: ShelfModel, here: set[str], machine: TrainingMachine) -> list[Node]:
    licence = _("{licence}, with consent", licence=model.licence) if model.gated else model.licence
    there: Node = _("installed") if model.repo in here else action(_("Fetch"), "fetch", model.repo, cls="link")
    return [model.repo, f"{count(model.millions)} M", licence, _(FIT_WORDS[fit(model.millions, machine)]), there]


def tuning_methods(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """One card for each method; specialist ones behind a disclosure."""
    cards = [method_words(method_card(method)) for method in METHODS]
    plain = [_method_card(card) for card in cards if card["level"] == "plain"]
    special = [_method_card(card) for card in cards if card["level"] != "plain"]
    return [
        el("h2", counted(len(cards), "tuning method")),
        el("p", _("Each trains another part of a model; the wizard recommends one."), cls="muted"),
        el("div", plain, cls="columns"),
        el("details", el("summary", _("Show specialist methods")), el("div", special, cls="columns"), cls="more"),
    ]


def _method_card(card: dict[str, Any]) -> Node:
    settings = {name: schema for name, schema in card["schema"]["properties"].items() if "const" not in schema}
    words = [f"{_(schema.get('title', name))} ({schema.get('default')})" for name, schema in settings.items()]
    return el(
        "article",
        el("div", el("h3", card["title"]), el("code", card["kind"], cls="muted"), cls="card-head"),
        el("p", card["summary"]),
        facts(
            [
                (_("Choose it when"), card["when"]),
                (_("Against it"), card["against"]),
                (_("Serves"), ", ".join(task_title(kind) for kind in card["task_types"])),
                (_("Settings"), ", ".join(words) or _("none of its own")),
                (_("Source"), card["source"]),
            ]
        ),
        cls="card",
        id=f"method-{card['kind']}",
    )


def estimate_accuracy(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """How far estimates can be trusted, for each machine."""
    machines = observations.accuracy()
    runs = sum(machine.runs for machine in machines)
    heads = [
        (_("Machine"), ""),
        (_("Finished runs"), "number"),
        (_("Memory off by"), "number"),
        (_("Time off by"), "number"),
    ]
    rows: list[list[Node]] = [
        [
            machine.machine,
            count(machine.runs),
            "–" if machine.memory_error is None else percent(machine.memory_error),
            "–" if machine.time_error is None else percent(machine.time_error),
            moment(machine.measured_at) if machine.measured_at else _("not yet"),
        ]
        for machine in machines
    ]
    words = (
        _(
            "Median error of what was estimated before a run against what it took, over the last {runs}. Every finished run corrects the next estimate on its machine.",
            runs=counted(runs, "finished run"),
        )
        if runs
        else _(
            "No run has finished yet. Until then estimates come from arithmetic and the measured speed of the machine, and "
            "their ranges are wide."
        )
    )
    listed = table(_("How good estimates are"), [*heads, (_("Speed measured"), "")], rows, id_="estimate-accuracy")
    return [
        el("h2", _("How good the estimates are")),
        el("p", words, cls="muted"),
        listed if machines else "",
        el("p", el("a", _("Tune a model"), href="/new", cls="button primary large")),
    ]


MODELS = Page(path="/models", title="Models", nav_label="Models", purpose=PURPOSE, build=build)
