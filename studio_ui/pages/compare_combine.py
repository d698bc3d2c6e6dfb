"""Combining compared runs into one adapter, without training. The service says what does not fit."""

from typing import Any
from urllib.parse import quote

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import SUCCEEDED, Run
from app.services.accounts.access import TO_TRAIN
from app.services.evaluation.comparison import MAX_RUNS
from app.services.runs import derivations, runs
from app.services.runs.derivations import MAX_RANK, CombineRequest
from studio_ui.components.accordion import Accordion
from studio_ui.components.comparison import ComparisonBoard
from studio_ui.components.nodes import banner, el
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View, show
from studio_ui.permits import Permits
from studio_ui.session import listen, refusal, user_of

WAYS = [
    (gettext_noop("Average, nothing left out"), "average"),
    (gettext_noop("Average, strongest directions only"), "average-svd"),
    (gettext_noop("Vote of the largest changes (TIES)"), "ties"),
    (gettext_noop("Vote of a random share (DARE)"), "dare"),
    (gettext_noop("Kept apart, every word chooses (Arrow routing)"), "arrow"),
]
# Which further fields a way has.
USES: dict[str, frozenset[str]] = {
    "average": frozenset({"weights"}),
    "average-svd": frozenset({"rank", "weights"}),
    "ties": frozenset({"rank", "density", "weights"}),
    "dare": frozenset({"rank", "density", "weights"}),
    "arrow": frozenset({"top_k", "temperature"}),
}
USUAL = {"rank": 16.0, "density": 0.5, "top_k": 3.0, "temperature": 1.0}
MAX_TOP_K = 8
WORDS = gettext_noop(
    "Makes one adapter of these, without training, and tests it with them on the same held-out rows. They must be LoRA "
    "adapters trained on the same labels."
)
GO = "(address) => { if (address) location.assign(address); }"


def build_combining(comparison: ComparisonBoard) -> None:
    """The form below a comparison; hidden unless two finished runs of one base model are compared."""
    with Accordion(
        _("Combine into one model"), open=False, visible=False, elem_id="combine", elem_classes="card"
    ) as box:
        View(value={"nodes": el("p", _(WORDS), cls="muted")})
        chosen, address = PageState([]), PageState()
        way = gr.Radio(
            [(_(words), value) for words, value in WAYS], value="average", label=_("Way"), elem_id="combine-how"
        )
        with gr.Row():
            extra = _extra_fields()
            weights = [gr.Number(1, visible=False, elem_id=f"combine-weight-{at}") for at in range(MAX_RUNS)]
        error = View(elem_id="combine-error")
        start = gr.Button(_("Combine"), variant="primary", elem_id="combine-start")
    fields = [*extra, *weights]
    listen(comparison.compared, offer, way, [box, chosen, *fields], queued=False)
    listen(way.change, change_way, [way, chosen], fields, queued=False)
    # Not queued: the page is left while the answer to a queued event would still be open.
    started = listen(start.click, combine, [chosen, way, *fields], [address, error], queued=False)
    listen(started.then, None, address, None, js=GO)


def _extra_fields() -> list[gr.Number]:
    words = {
        "rank": (
            _("Rank"),
            _("Width of the new matrices, 1 to {MAX_RANK}: more keeps more and is larger.", MAX_RANK=MAX_RANK),
        ),
        "density": (_("Density"), _("Share of each model's change that takes part in the vote, above 0 to 1.")),
        "top_k": (
            _("Models per token"),
            _("How many models answer a token at most, 1 to {MAX_TOP_K}.", MAX_TOP_K=MAX_TOP_K),
        ),
        "temperature": (
            _("Temperature"),
            _("Small sends a token to the one model that fits best, large to all alike; above 0 to 100."),
        ),
    }
    return [
        gr.Number(USUAL[name], label=label, info=info, visible=False, elem_id=f"combine-{name.replace('_', '-')}")
        for name, (label, info) in words.items()
    ]


def offer(way: str, request: gr.Request, event: gr.EventData) -> list[Any]:
    """Show the form for the runs that could fit together."""
    user_id = user_of(request)
    found = [runs.get_run(user_id, str(run_id)) for run_id in list(event.runs)[:MAX_RUNS]]
    fit = [run for run in found if _fits(run, found[0])]
    chosen = [{"id": run.id, "name": run.name} for run in fit]
    # The combination is made in the project of the first.
    allowed = len(fit) > 1 and Permits.read(user_id, fit[0].project_id).allows(TO_TRAIN)
    return [gr.update(visible=allowed), chosen, *change_way(way, chosen)]


def _fits(run: Run, first: Run) -> bool:
    alike = run.base_model == first.base_model and run.task_type == first.task_type
    return alike and run.job.state == SUCCEEDED


def change_way(way: str, chosen: list[dict[str, str]]) -> list[Any]:
    """Show the fields that a way has."""
    uses = USES[way]
    extra = [gr.update(visible=name in uses) for name in USUAL]
    names = [run["name"] for run in chosen]
    return extra + [
        gr.update(visible="weights" in uses, label=_("Weight of {names}", names=names[at]))
        if at < len(names)
        else gr.update(visible=False)
        for at in range(MAX_RUNS)
    ]


def combine(request: gr.Request, chosen: list[dict[str, str]], way: str, *values: Any) -> tuple[Any, Any]:
    """Queue the combination and go to its page, or say what does not fit."""
    try:
        given = dict(zip(USUAL, values, strict=False))
        weights = [float(value or 0) for value in values[len(USUAL) :][: len(chosen)]]
        combined = derivations.combine(user_of(request), _request(chosen, way, given, weights))
    except Exception as error:
        shown = refusal(error)
        return None, show(banner("error", shown.message, shown.hint, shown.code))
    return f"/run?id={quote(combined.id)}", show([])


def _request(chosen: list[dict[str, str]], way: str, given: dict[str, Any], weights: list[float]) -> CombineRequest:
    uses = USES[way]
    values = {name: float(given[name] or 0) if name in uses else usual for name, usual in USUAL.items()}
    return CombineRequest(
        run_ids=[run["id"] for run in chosen],
        how=way,
        weights=weights if "weights" in uses else None,
        rank=int(values["rank"]),
        density=values["density"],
        top_k=int(values["top_k"]),
        temperature=values["temperature"],
    )
