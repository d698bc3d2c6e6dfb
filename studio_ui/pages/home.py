"""Home: what this is, the one big button, samples, recent runs and what this machine has."""

from collections.abc import Mapping
from urllib.parse import quote

import gradio as gr

from app.catalog.base_models import base_models
from app.catalog.methods import METHODS
from app.catalog.task_types import PRIMARY_SCORES
from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import projects
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import datasets
from app.services.estimates.estimates import CostEstimate, EstimateRequest, estimate
from app.services.operations import readiness
from app.services.queue import machine
from app.services.runs import run_table
from app.services.runs.run_details import RunDetails
from app.services.runs.run_table import RunFilter
from studio_ui.components.nodes import Node, el, empty_state, facts, moment
from studio_ui.components.page_state import PageState
from studio_ui.components.view import Content, View
from studio_ui.formats import byte_size, count, counted, duration_range, score_words
from studio_ui.pages.page import Page
from studio_ui.project_choice import permits_for_new
from studio_ui.run_words import method_title, state_chip
from studio_ui.sample_cards import sample_cards
from studio_ui.session import listen, user_of

RECENT = 5
TYPICAL_ROWS = 1000
# An unchanged answer is a few bytes; without an active run one could only have been started in another tab.
SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_IDLE_LOOKS = 3.0, 30.0
PURPOSE = gettext_noop("Train a new model, try a sample, or continue where you left off.")
WORDS = gettext_noop(
    "Drop in labelled rows and see at once what is good and what needs attention. The studio recommends a model and a method, "
    "says what the run will cost, and trains while you do something else. At the end you see whether it got better, on which "
    "rows, and take the result with you."
)


def build(blocks: gr.Blocks) -> None:
    """The welcome, recent runs beside the machine, and the samples."""
    with gr.Column(elem_id="home-page"):
        View(value={"nodes": welcome()}, lines=0, min_height=360)
        with gr.Row(elem_classes="home-grid"):
            with gr.Column(elem_classes="card"):
                View(recent_runs, elem_id="recent-runs", min_height=200)
            with gr.Column(elem_classes="card"):
                View(this_machine, elem_id="machine", min_height=200)
        with gr.Column(elem_classes="home-samples"):
            samples = View(samples_to_try, lines=0, elem_id="samples", min_height=220)
        address = PageState("")
    used = listen(samples.action, use_sample, None, address, trigger_mode="once")
    listen(used.success, None, address, None, js="(url) => { if (url) location.assign(url) }")


def welcome() -> Node:
    """What this is, in three sentences, and the way in."""
    buttons = [
        el("a", _("Tune a model"), id="tune", cls="button primary large", href="/new"),
        el("a", _("Upload data"), cls="button large", href="/datasets"),
    ]
    title = el("h1", _("Teach a language model your own data."))
    return el("section", title, el("p", _(WORDS), cls="hero-words"), el("div", buttons, cls="actions"), cls="hero")


def samples_to_try(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """A card for each sample."""
    cards = permits_for_new(user_id).close(sample_cards(), {"sample": TO_CHANGE})
    return [el("h2", _("Or try it with a sample")), cards]


def use_sample(request: gr.Request, event: gr.EventData) -> str:
    """Make a copy of a sample; returns the address of its report."""
    gr.Info(_("The sample is being copied."))
    dataset = datasets.import_sample(user_of(request), str(event.value))
    return f"/datasets?id={quote(dataset.id)}"


def recent_runs(user_id: str, query: Mapping[str, str]) -> Content:
    """The newest runs with state, progress and result."""
    page = run_table.page(user_id, RunFilter(project_id=projects.chosen(user_id)), limit=RECENT)
    again = SECONDS_BETWEEN_LOOKS if page.active else SECONDS_BETWEEN_IDLE_LOOKS
    heading = el("div", el("h2", _("Recent runs")), el("a", _("All runs"), href="/runs"), cls="card-head")
    listed = el("ul", [_run(row.details) for row in page.runs], cls="run-list")
    return Content(
        [heading, listed if page.runs else empty_state(_("No runs yet."), _("Train a model in six clicks."))], again
    )


def _run(run: RunDetails) -> Node:
    about = [f"{method_title(run.method)} · {run.dataset.name} · ", moment(run.created_at)]
    return el(
        "li",
        el("a", run.name, href=f"/run?id={run.id}"),
        state_chip(run.state),
        el("span", about, cls="muted small run-list-about"),
        _result(run),
        _progress(run),
    )


def _progress(run: RunDetails) -> Node:
    """How far a run is, on a line of its own: it is no result."""
    step, total = run.progress.get("step") or 0, run.progress.get("total_steps")
    if run.state != "running" or not total:
        return ""
    share = step / total
    bar = el("progress", max=1, value=round(share, 3), aria_label=_("Progress of {run}", run=run.name))
    words = el("span", _("{share} % done", share=f"{share * 100:.0f}"), cls="muted small")
    return el("span", bar, words, cls="run-list-progress")


def _result(run: RunDetails) -> Node:
    """The task's score with its name."""
    metrics = (run.results or {}).get("metrics") or {}
    for score in PRIMARY_SCORES:
        if metrics.get(score.key) is not None:
            label = el("span", _(score.title), cls="muted small")
            value = el("strong", score_words(score.key, metrics[score.key]))
            return el("span", label, value, cls="number run-list-score")
    return ""


def this_machine(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """Whether the studio is ready, what the machine has, and what a small run would take."""
    found = machine.describe()
    wrong = [f"{part} {state}" for part, state in readiness.parts().items() if state != readiness.OK]
    gpus = [("GPU", f"{gpu.name}, {byte_size(gpu.total_bytes)}") for gpu in found.gpus]
    pairs: list[tuple[str, Node]] = [
        (_("Studio"), "; ".join(wrong) or _("ready")),
        *(gpus or [("GPU", _("none; the processor trains"))]),
        (_("Processor"), counted(found.threads, "thread")),
        (
            _("Free memory"),
            _("{part} of {total}", part=byte_size(found.free_memory_bytes), total=byte_size(found.memory_bytes)),
        ),
        (
            _("Free disk"),
            _("{part} of {total}", part=byte_size(found.free_disk_bytes), total=byte_size(found.disk_bytes)),
        ),
    ]
    cost = _typical_cost()
    if cost:
        pairs.append((_("A run needs"), _("about {amount}", amount=byte_size(cost.memory_bytes[0]))))
        pairs.append((_("{rows} rows take", rows=count(TYPICAL_ROWS)), duration_range(cost.seconds)))
    return [el("h2", _("This machine")), facts(pairs, cls="machine")]


def _typical_cost() -> CostEstimate | None:
    """What a small run with the first model and method would take here; None if that cannot be said."""
    models = base_models()
    if not models:
        return None
    method = {"kind": METHODS[0].model_fields["kind"].default}
    try:
        return estimate(EstimateRequest(base_model=models[0].name, method=method, training={}, rows=TYPICAL_ROWS))
    except StudioError:
        return None


HOME = Page(path="/", title="Home", nav_label="Home", purpose=PURPOSE, heading=False, build=build)
