"""Experiments: many methods or settings on the same data, with one table at the end.

One address has three contents: the list; a new experiment (``?dataset=`` or ``?run=``); one experiment (``?id=``).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import gradio as gr

from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import projects
from app.services.accounts.access import TO_TRAIN
from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentSummary
from studio_ui.components.nodes import Node, banner, el, empty_state, moment, table
from studio_ui.components.pareto import Pareto, ParetoPoints
from studio_ui.components.view import Content, View, reload
from studio_ui.formats import count, counted, percent
from studio_ui.pages import leaderboard, leaderboard_points
from studio_ui.pages.experiment_form import ExperimentForm
from studio_ui.pages.experiment_plan import start_of
from studio_ui.pages.page import Page
from studio_ui.project_choice import build_project_choice
from studio_ui.session import listen, query_of, user_of

PURPOSE = gettext_noop(
    "Several methods or settings on the same data under the same conditions: one table, and advice at the end."
)
GO = "(dataset) => { if (dataset) location.assign('/experiments?dataset=' + encodeURIComponent(dataset)); }"


def build(blocks: gr.Blocks) -> None:
    """What the address asks for: the list, the form or one experiment."""
    with gr.Column(elem_id="experiments-page"):
        build_project_choice(blocks)
        with gr.Row(visible=False, elem_id="experiment-bar") as bar:
            dataset = gr.Dropdown([], label=_("New experiment on"), elem_id="experiment-data")
            new = gr.Button(_("Compare methods"), variant="primary", elem_id="experiment-new")
        form = ExperimentForm()
        content = View(describe, min_height=240)
        pareto = Pareto(describe_points, costs=leaderboard_points.COSTS, elem_id="experiment-pareto")

    def open_page(request: gr.Request) -> list[Any]:
        user_id, query = user_of(request), query_of(request)
        if query.get("id"):
            return [gr.update(), gr.update(), *form.closed()]
        if query.get("dataset") or query.get("run"):
            try:
                return [gr.update(), gr.update(), *form.opened(user_id, query)]
            except StudioError:
                # The view beside it says what is wrong.
                return [gr.update(), gr.update(), *form.closed()]
        owned = [(dataset.name, dataset.id) for dataset in datasets.list_datasets(user_id, need=TO_TRAIN)]
        shown = bool(owned and experiments.list_experiments(user_id))
        return [
            gr.update(visible=shown),
            gr.update(choices=owned, value=owned[0][1] if owned else None),
            *form.closed(),
        ]

    listen(blocks.load, open_page, None, [bar, dataset, *form.outputs], queued=False)
    listen(new.click, None, dataset, None, js=GO)
    listen(content.action, act, None, content)
    listen(content.updated, reload, None, pareto, queued=False)


def describe(user_id: str, query: Mapping[str, str]) -> Content | list[Node]:
    """One experiment or the list; nothing beside the form of a new one."""
    try:
        if query.get("id"):
            return leaderboard.describe_experiment(user_id, query["id"])
        if query.get("dataset") or query.get("run"):
            start_of(user_id, query)
            return []
    except StudioError as error:
        back = el("p", el("a", _("All experiments"), cls="button", href="/experiments"))
        return [banner("error", error.message, error.hint, error.code), back]
    return describe_list(user_id)


def describe_list(user_id: str) -> list[Node]:
    """All experiments, or how to make the first."""
    found = experiments.list_experiments(user_id, projects.chosen(user_id))
    if not found:
        owned = datasets.list_datasets(user_id, need=TO_TRAIN)
        link = (
            (f"/experiments?dataset={quote(owned[0].id)}", _("Compare methods"))
            if owned
            else ("/datasets", _("Upload data"))
        )
        words = _("One click queues several tuning methods on the same rows; the table tells which one is worth it.")
        return [empty_state(_("No experiments yet."), words, link)]
    heads = [(_("Experiment"), ""), (_("Dataset"), ""), (_("Runs"), ""), (_("Best"), "number"), (_("Started"), "muted")]
    return [table(_("Experiments"), heads, [_line(item) for item in found], id_="experiments-table")]


def _line(summary: ExperimentSummary) -> list[Node]:
    total, ended = counted(summary.runs, "run"), count(summary.runs - summary.active)
    return [
        el("a", summary.name, href=f"/experiments?id={quote(summary.id)}"),
        f"{summary.dataset['name']} @ {summary.dataset['version']}",
        _("{ended} of {total} ended", ended=ended, total=total) if summary.active else total,
        "–" if summary.best is None else percent(summary.best),
        moment(summary.created_at),
    ]


def describe_points(user_id: str, query: Mapping[str, str]) -> ParetoPoints | None:
    """The points of the chart below one experiment's table."""
    try:
        return leaderboard_points.describe_points(user_id, query["id"]) if query.get("id") else None
    except StudioError:
        return None


def act(request: gr.Request, event: gr.EventData) -> Any:
    """Use one run, or stop those that have not ended."""
    user_id, experiment_id = user_of(request), query_of(request).get("id", "")
    if event.name == "use":
        experiments.choose(user_id, experiment_id, str(event.value))
        gr.Success(_("Noted and starred. The link above tries or downloads it."))
    else:
        experiments.request_cancel(user_id, experiment_id)
        gr.Success(_("Stopping."))
    return reload()


EXPERIMENTS = Page(
    path="/experiments",
    title="Experiments",
    nav_label="Experiments",
    purpose=PURPOSE,
    charts=True,
    build=build,
)
