"""Playground: fine-tuned models answer texts of your own. Nothing typed here is stored."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import gradio as gr
from anyio import to_thread

from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import SUCCEEDED, Run
from app.services.accounts import projects
from app.services.inference import prediction
from app.services.inference.chat import STEP_SEPARATOR
from app.services.runs import checkpoints, predictions, runs
from studio_ui.components.choice import Choice
from studio_ui.components.nodes import Node, banner, el, empty_state
from studio_ui.components.view import View, show
from studio_ui.formats import count
from studio_ui.pages.page import Page
from studio_ui.pages.playground_answers import answer_of
from studio_ui.pages.playground_inputs import HELP, MOST_TEXTS, InputForm, input_form
from studio_ui.pages.trying import modes, server_notice
from studio_ui.run_colours import swatch
from studio_ui.run_words import generates, method_title
from studio_ui.session import listen, query_of, refusal, user_of

MOST_MODELS = 3
TEST_ROWS = 5
# Two boxes that would be narrower (pixels) stand one below the other.
NARROWEST = 300
LOADING = gettext_noop("The first answer of a model takes a few seconds, because it is loaded; later ones are quick.")
# The address names the models, so that it can be reloaded and shared.
ADDRESS = """(models) => {
  const address = new URL(location.href);
  address.searchParams.set("models", models.join(","));
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}"""


def build(blocks: gr.Blocks) -> None:
    """Choice of models, texts, and a pane for each model."""
    empty = View(lines=0)
    with gr.Column(elem_id="playground-page") as main:
        View(value={"nodes": modes("/playground")}, lines=0)
        View(server_notice, lines=0, elem_id="server-notice")
        models = Choice(
            label=_("Models side by side"),
            info=_("One to three answer the same texts."),
            multiselect=True,
            max_choices=MOST_MODELS,
            elem_id="playground-models",
        )
        with gr.Row():
            texts = gr.Textbox(
                label=_("Your texts"),
                info=_(HELP, most=MOST_TEXTS),
                placeholder=_("One text per line"),
                lines=5,
                min_width=NARROWEST,
                elem_id="playground-texts",
            )
            seconds = gr.Textbox(visible=False, lines=5, min_width=NARROWEST, elem_id="playground-seconds")
        with gr.Row(elem_classes="actions"):
            ask = gr.Button(_("Ask"), variant="primary", elem_id="playground-ask")
            example = gr.Button(_("Fill in test rows"), elem_id="playground-example")
        status = View(lines=0, elem_id="playground-status", min_height=26)
        panes = View(lines=0, elem_id="playground-panes", min_height=120)
    boxes = [texts, seconds]
    listen(blocks.load, open_page, None, [empty, main, models, panes, *boxes], queued=False)
    listen(models.change, None, models, None, js=ADDRESS)
    listen(models.change, say_how, models, boxes, queued=False)
    for event in (ask.click, texts.submit, seconds.submit):
        listen(event, answer, [models, *boxes], [status, panes])
    listen(models.input, choose, [models, *boxes], [status, panes])
    listen(example.click, fill_in, models, [*boxes, status])


def open_page(request: gr.Request) -> tuple[Any, ...]:
    """The models that can be asked, and those of the address."""
    user_id, asked = user_of(request), query_of(request).get("models", "").split(",")
    found = _models(user_id, asked)
    if not found:
        words = _("Once a run has finished, you can try it here on texts of your own.")
        shown = [modes("/playground"), empty_state(_("No tuned model yet."), words, ("/new", _("Tune a model")))]
        return show(shown), gr.update(visible=False), *[gr.skip()] * 4
    chosen = [name for name in dict.fromkeys(asked) if name in found][:MOST_MODELS] or [next(iter(found))]
    choices = [(words, name) for name, words in found.items()]
    panes = show(_panes(found, chosen, {}))
    boxes = input_form(user_id, chosen).boxes()
    return gr.skip(), gr.skip(), gr.update(choices=choices, value=chosen), panes, *boxes


def say_how(models: list[str], request: gr.Request) -> tuple[Any, Any]:
    """The boxes, which depend on what the models read and do with it."""
    return input_form(user_of(request), models).boxes()


async def choose(
    models: list[str], texts: str, seconds: str | None, request: gr.Request
) -> AsyncIterator[tuple[Any, Any]]:
    """Panes for other models, which are asked at once if there are texts."""
    found = await to_thread.run_sync(_models, user_of(request), models)
    yield show([]), show(_panes(found, models, {}))
    if texts.strip() and models:
        async for shown in answer(models, texts, seconds, request):
            yield shown


async def answer(
    models: list[str], texts: str, seconds: str | None, request: gr.Request
) -> AsyncIterator[tuple[Any, Any]]:
    """Ask all models at once; each pane is filled when its model has answered."""
    user_id = user_of(request)
    form = await to_thread.run_sync(input_form, user_id, models)
    inputs = form.inputs(texts, seconds)
    if not inputs:
        yield show(_status(form.missing(texts, seconds))), gr.skip()
        return
    if len(inputs) > MOST_TEXTS:
        words = _(
            "These are {inputs} texts; at most {MOST_TEXTS} are answered at once.",
            inputs=count(len(inputs)),
            MOST_TEXTS=MOST_TEXTS,
        )
        yield show(_status(words)), gr.skip()
        return
    found = await to_thread.run_sync(_models, user_id, models)
    answers: dict[str, list[Node]] = {}
    # The same type has the same colour in every pane.
    hues: dict[str, int] = {}
    yield show(_status(_(LOADING))), show(_panes(found, models, answers, busy=True))
    tasks = [asyncio.create_task(_ask(user_id, model, form, inputs, hues)) for model in models]
    worked = True
    try:
        for done in asyncio.as_completed(tasks):
            model, nodes, fine = await done
            answers[model] = nodes
            worked = worked and fine
            yield gr.skip(), show(_panes(found, models, answers, busy=True))
    finally:
        for task in tasks:
            task.cancel()
    yield (
        show(_status(form.answered(len(inputs)) if worked else _("Not every model could answer."))),
        show(_panes(found, models, answers)),
    )


def fill_in(models: list[str], request: gr.Request) -> tuple[Any, Any, Any]:
    """Some test rows of the first model as texts."""
    try:
        run_id = models[0].partition(STEP_SEPARATOR)[0] if models else ""
        run = runs.get_run(user_of(request), run_id)
        page = predictions.page(user_of(request), run_id, limit=TEST_ROWS)
    except StudioError as error:
        return gr.skip(), gr.skip(), show(_status(f"{error.message} {error.hint}".strip()))
    return *input_form(user_of(request), models).filled(run, page.rows), show([])


def _models(user_id: str, asked: Sequence[str]) -> dict[str, str]:
    """Name -> words of the models that label texts or write others: finished runs of the chosen project, newest first, those that are asked for,
    and kept checkpoints of any run that are asked for as ``<run id>@<step>``."""
    found = {run.id: run for run in runs.list_runs(user_id) if not generates(run.task_type)}
    chosen = projects.chosen(user_id)
    finished = {
        item.id: _words(item)
        for item in found.values()
        if item.job.state == SUCCEEDED and (chosen in ("", item.project_id) or item.id in asked)
    }
    steps = [name.partition(STEP_SEPARATOR) for name in asked if STEP_SEPARATOR in name]
    kept = {
        f"{run_id}{STEP_SEPARATOR}{checkpoint.step}": _(
            "{run}, step {step}", run=_words(found[run_id]), step=count(checkpoint.step)
        )
        for run_id in dict.fromkeys(run_id for run_id, _, _ in steps if run_id in found)
        for checkpoint in checkpoints.list_checkpoints(user_id, run_id)
    }
    return {**finished, **kept}


def _words(run: Run) -> str:
    return f"{run.name} ({method_title(run.method)})"


async def _ask(
    user_id: str, model: str, form: InputForm, inputs: Sequence[tuple[str, ...]], hues: dict[str, int]
) -> tuple[str, list[Node], bool]:
    asked: list[str | Sequence[str]] = [list(texts) if form.titles else texts[0] for texts in inputs]
    try:
        found = await to_thread.run_sync(prediction.predict, user_id, model, asked)
    except Exception as error:
        shown = refusal(error)
        return model, [banner("warning", shown.message, shown.hint or _("Try again in a moment."))], False
    parts = [list(zip(form.titles or ("",), texts, strict=True)) for texts in inputs]
    return model, [answer_of(own, item, hues) for own, item in zip(parts, found, strict=True)], True


def _panes(found: dict[str, str], models: list[str], answers: dict[str, list[Node]], *, busy: bool = False) -> Node:
    panes = []
    for at, model in enumerate(models):
        name = found.get(model) or _("a model that is gone")
        body = answers.get(model) or [el("p", _("Answers appear here."), cls="muted")]
        waiting = "true" if busy and model not in answers else None
        panes.append(
            el(
                "section",
                el("h2", swatch(at), name),
                el("div", body, cls="pane-body", aria_busy=waiting),
                cls="pane",
                id=f"pane-{at}",
                aria_label=name,
            )
        )
    return el("div", panes, cls="panes", style=f"--panes: {max(1, len(models))}")


def _status(words: str) -> Node:
    return el("p", words, cls="muted", role="status")


PLAYGROUND = Page(
    path="/playground",
    title="Playground",
    nav_label="Playground",
    purpose="Type or paste texts and see what one to three fine-tuned models answer, side by side.",
    build=build,
)
