"""The form of a new experiment: which methods, or which settings with which values, and how much may be spent on it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import gradio as gr

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.base import Method
from app.catalog.methods.cards import method_card
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.experiments import experiments
from app.services.experiments.candidates import ADAPTIVE, MAX_RUNS
from studio_ui.components.nodes import Node, banner, el
from studio_ui.components.page_state import PageState
from studio_ui.components.pick_list import PickList
from studio_ui.components.view import View, show
from studio_ui.formats import byte_size, count, counted, duration_range
from studio_ui.pages.experiment_plan import (
    MAX_METHODS,
    PlannedExperiment,
    Schema,
    Start,
    estimate,
    main_schema,
    method_settings,
    request_of,
    single_settings,
    start_of,
    training_settings,
    values_of,
)
from studio_ui.session import listen, query_of, refusal, user_of

# Worth trying first: the families that differ most from each other in cost and reach.
FIRST = ("lora", "full", "head-only", "ia3", "bottleneck-adapter", "bitfit", "dora", "prefix-tuning")
PRESELECTED = 6
USUAL_BUDGET = 12
LIST_TITLE, LIST_NOUN = gettext_noop("Methods (2 to {most})"), "method"
MODES = [
    (gettext_noop("Compare methods: which tuning method is worth it on this data?"), "methods"),
    (gettext_noop("Vary settings: which values of one method's settings work best?"), "settings"),
]
SEARCHES = [
    (gettext_noop("Grid search (every combination)"), "grid"),
    (gettext_noop("Random search (as many as the budget)"), "random"),
    (gettext_noop("Adaptive search (TPE)"), ADAPTIVE),
]


class ExperimentForm:
    """The fields, hidden until :meth:`opened` says what they offer."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="experiment-form", elem_classes="card") as self.column:
            self.about = View(describe_start, lines=2)
            self.mode = gr.Radio(
                [(_(words), value) for words, value in MODES],
                value="methods",
                label=_("Kind of experiment"),
                elem_id="experiment-mode",
            )
            self.methods = PickList(title=_(LIST_TITLE, most=MAX_METHODS), noun=LIST_NOUN, elem_id="experiment-methods")
            with gr.Column(visible=False, elem_id="experiment-settings") as self.settings:
                self._build_settings()
            with gr.Row():
                self.minutes = gr.Number(
                    label=_("At most this many minutes of training"),
                    placeholder=_("no limit"),
                    info=_("Runs that still wait when the time is spent are taken out of the queue."),
                    elem_id="experiment-minutes",
                )
                self.early_stopping = gr.Checkbox(
                    label=_("Early stopping of runs that fall behind"),
                    info=_("Halfway, when clearly below the best; they get no test result."),
                    elem_id="experiment-hopeless",
                )
                self.halving = gr.Checkbox(
                    label=_("Successive halving"),
                    info=_(
                        "Only the better half continues at 20, 40 and 80 % of the steps; stopped runs get no test result."
                    ),
                    elem_id="experiment-halving",
                )
            self.error = View(elem_id="experiment-error")
            with gr.Row(elem_classes="experiment-foot"):
                self.total = View(elem_id="experiment-total")
                self.start = gr.Button(
                    _("Queue the runs"), variant="primary", elem_id="experiment-start", interactive=False
                )
            self.address = PageState()
        self._listen()

    def _build_settings(self) -> None:
        # All methods, since values are checked against these choices where the page was opened before a restart.
        every = [(_(method.title), _kind(method)) for method in METHODS]
        self.method = gr.Dropdown(every, label=_("Method"), elem_id="experiment-method")
        View(describe_values)
        with gr.Row(elem_classes="axis-picks"):
            self.own = {name: _axis_box("method", name, schema) for name, schema in method_settings().items()}
            self.shared = {name: _axis_box("training", name, schema) for name, schema in training_settings().items()}
        with gr.Row():
            self.search = gr.Radio(
                [(_(words), value) for words, value in SEARCHES],
                value="grid",
                label=_("How to search"),
                info=_(
                    "Adaptive search begins with four random draws; after that each run is proposed from the validation "
                    "results before it (Optuna's TPE)."
                ),
                elem_id="experiment-search",
            )
            self.max_runs = gr.Number(
                USUAL_BUDGET, label=_("At most this many runs"), precision=0, elem_id="experiment-runs"
            )

    @property
    def _fields(self) -> list[Any]:
        own = [self.mode, self.methods, self.method, self.search, self.max_runs, self.minutes]
        return [*own, self.early_stopping, self.halving, *self.own.values(), *self.shared.values()]

    def _listen(self) -> None:
        shown_parts = [self.total, self.start]
        # The first edit of an empty Textbox triggers `change` but not `input`.
        texts = [*self.own.values(), *self.shared.values()]
        edited = partial(gr.on, [box.change if box in texts else box.input for box in self._fields])
        # Queued, so that the answer to the last edit is also the last to arrive.
        listen(edited, self.tell, self._fields, shown_parts, trigger_mode="always_last")
        listen(self.mode.change, change_mode, self.mode, [self.methods, self.settings], queued=False)
        changed = listen(self.method.input, self.change_method, self.method, list(self.own.values()), queued=False)
        listen(changed.then, self.tell, self._fields, shown_parts)
        # Not queued: the page is left while the answer to a queued event would still be open.
        started = listen(
            self.start.click, self.queue, self._fields, [self.address, self.error, self.start], queued=False
        )
        go = "(address) => { if (address) location.assign(address); }"
        listen(started.then, None, self.address, None, js=go)

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`opened` fills."""
        return [self.column, self.methods, self.method, *self.own.values(), self.total, self.start]

    def closed(self) -> list[Any]:
        """Updates of :attr:`outputs` where no form is asked for."""
        return [gr.update()] * len(self.outputs)

    def opened(self, user_id: str, query: Mapping[str, str]) -> list[Any]:
        """Updates of :attr:`outputs` for the data or run in the address, with what is worth trying already chosen."""
        start = start_of(user_id, query)
        served = _serving(start.version.task_type)
        own = start.run.method if start.run else None
        kinds = [kind for kind in map(_kind, served) if kind != own]
        picked = kinds[: PRESELECTED - (own is not None)]
        method = own if own and own in map(_kind, served) else _kind(served[0])
        choices = [_choice(start, task) for task in served]
        plan = PlannedExperiment(
            "methods", picked, str(method), "grid", USUAL_BUDGET, None, early_stopping=False, halving=False
        )
        return [
            gr.update(visible=True),
            self.methods.update(picked, choices),
            gr.update(choices=[(_(task.title), _kind(task)) for task in served], value=method),
            *self.change_method(method),
            *_updates(start, plan),
        ]

    def change_method(self, method: str) -> list[Any]:
        """The settings of a method, empty."""
        settings = single_settings(method_card(method_class(method))["schema"])
        return [
            gr.update(visible=True, value="", **_words(settings[name]))
            if name in settings
            else gr.update(visible=False, value="")
            for name in self.own
        ]

    def tell(self, request: gr.Request, *values: Any) -> tuple[Any, Any]:
        """How many runs the choices make and how long they take, and whether they can be queued."""
        return _updates(start_of(user_of(request), query_of(request)), self._plan(values))

    def queue(self, request: gr.Request, *values: Any) -> tuple[Any, Any, Any]:
        """Queue the runs and go to the experiment's page, or say what does not fit."""
        try:
            plan, user_id, query = self._plan(values), user_of(request), query_of(request)
            made = experiments.start(user_id, request_of(start_of(user_id, query), plan))
        except Exception as error:
            shown = refusal(error)
            return None, show(banner("error", shown.message, shown.hint, shown.code)), gr.update()
        return f"/experiments?id={quote(made.id)}", show([]), gr.update(interactive=False)

    def _plan(self, values: Sequence[Any]) -> PlannedExperiment:
        mode, methods, method, search, max_runs, minutes, early_stopping, halving, *texts = values
        own = single_settings(method_card(method_class(str(method)))["schema"])
        keys = [*(("method", name) for name in self.own), *(("training", name) for name in self.shared)]
        schemas = {**{("method", name): schema for name, schema in own.items()}}
        schemas |= {("training", name): schema for name, schema in training_settings().items()}
        vary = {
            ".".join(key): values_of(str(text), schemas[key])
            for key, text in zip(keys, texts, strict=True)
            if text and str(text).strip() and key in schemas
        }
        return PlannedExperiment(
            mode=str(mode),
            methods=[str(kind) for kind in methods or []],
            method=str(method),
            search=str(search),
            max_runs=int(max_runs or 0),
            max_minutes=minutes if minutes and minutes > 0 else None,
            early_stopping=bool(early_stopping),
            halving=bool(halving),
            vary=vary,
        )


def change_mode(mode: str) -> tuple[Any, Any]:
    """Show the list of methods, or one method's settings."""
    return gr.update(visible=mode == "methods"), gr.update(visible=mode == "settings")


def describe_start(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """What all runs have in common."""
    if not query.get("run") and not query.get("dataset"):
        return []
    start = start_of(user_id, query)
    dataset = start.dataset
    if start.run:
        return [
            el("h2", _("Compare with other methods")),
            el(
                "p",
                _("Beside "),
                el("a", start.run.name, href=f"/run?id={quote(start.run.id)}"),
                _(
                    ", on the same rows of {dataset} @ {amount}, with the same split, seed and epochs.",
                    dataset=dataset.name,
                    amount=start.version.number,
                ),
            ),
        ]
    link = el("a", dataset.name, href=f"/datasets?id={quote(dataset.id)}")
    return [
        el("h2", _("New experiment")),
        el("p", _("On "), link, _(": the same rows, split, seed and epochs for every run.")),
    ]


def describe_values(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """How values are written."""
    words = _(
        "Separate values with commas. A search other than every combination also takes a range, such as 0.0001..0.01. Fields "
        "left empty keep their default."
    )
    return [el("h3", _("Values to try")), el("p", words, cls="muted small")]


def _updates(start: Start, plan: PlannedExperiment) -> tuple[Any, Any]:
    least = 1 if start.run and plan.mode == "methods" else 2
    fits = least <= plan.number <= plan.budget <= MAX_RUNS
    if plan.number < least:
        words = (
            _("Choose at least two methods.")
            if plan.mode == "methods"
            else _("Give at least two values of one setting.")
        )
    elif plan.budget > MAX_RUNS:
        words = _("At most {MAX_RUNS} runs can be queued at once.", MAX_RUNS=MAX_RUNS)
    elif not fits:
        words = _(
            "{amount} are more than {budget}. Choose fewer values, or another search.",
            amount=counted(plan.number, "run"),
            budget=count(plan.budget),
        )
    else:
        words = _cost_words(start, plan)
    button = _("Queue {amount}", amount=counted(plan.number, "run")) if plan.number else _("Queue the runs")
    return show(el("p", words, role="status")), gr.update(value=button, interactive=fits)


def _cost_words(start: Start, plan: PlannedExperiment) -> str:
    found = [seconds for _, seconds in filter(None, (estimate(start, kind) for kind in plan.kinds))]
    times = 1 if plan.mode == "methods" else plan.number
    if not found:
        return f"{counted(plan.number, 'run')}."
    low, high = (sum(seconds[end] for seconds in found) * times for end in (0, 1))
    return _(
        "{amount}, one after the other: {part} in all on this machine.",
        amount=counted(plan.number, "run"),
        part=duration_range((low, high)),
    )


def _choice(start: Start, method: type[Method]) -> dict[str, str]:
    cost = estimate(start, _kind(method))
    note = f"{byte_size(cost[0])} · {duration_range(cost[1])}" if cost else ""
    return {"value": _kind(method), "title": _(method.title), "words": _(method.summary), "note": note}


def _serving(task_type: str) -> list[type[Method]]:
    """The methods for a task, those first that are worth trying first."""
    served = [method for method in METHODS if task_type in method.task_types]
    return sorted(served, key=lambda item: FIRST.index(_kind(item)) if _kind(item) in FIRST else len(FIRST))


def _kind(method: type[Method]) -> str:
    return str(method.model_fields["kind"].default)


def _words(schema: Schema) -> dict[str, Any]:
    default = schema.get("default")
    choices = main_schema(schema).get("enum")
    return {
        "label": schema.get("title"),
        "placeholder": "recommended" if default is None else str(default),
        "info": _("One or more of {map}.", map=", ".join(map(str, choices))) if choices else None,
    }


def _axis_box(room: str, name: str, schema: Schema) -> gr.Textbox:
    return gr.Textbox(elem_id=f"axis-{room}-{name}", min_width=220, **_words(schema))
