"""Batch prediction: a tuned model answers every row of a file, as a job; the answers come back as a table."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.catalog.task_types import TASK_TYPES
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import SUCCEEDED, Run
from app.services.inference import batch_prediction
from app.services.inference.batch_prediction import BatchPredictionStatus
from app.services.runs import runs
from studio_ui.components.choice import Choice
from studio_ui.components.nodes import Node, action, banner, el, empty_state, moment, table
from studio_ui.components.page_state import PageState
from studio_ui.components.upload import DataUpload
from studio_ui.components.view import Content, View, reload, show
from studio_ui.formats import count, counted, percent
from studio_ui.pages.page import Page
from studio_ui.pages.trying import modes, server_notice
from studio_ui.run_words import ACTIVE, method_title, state_chip
from studio_ui.session import listen, query_of, user_of

PATH = "/batch"
UPLOADED = "uploaded"
SECONDS_BETWEEN_LOOKS = 1.5
# As many columns are asked for as the most that a model reads together.
MOST_COLUMNS = max(len(task.text_roles) for task in TASK_TYPES)
WORDS = gettext_noop(
    "A table with one text per row: CSV, Excel, JSON, JSON Lines or Parquet. Every row gets an answer; other columns stay as they are."
)
ORDER_WORDS = {
    "file": gettext_noop("Download the answers"),
    "unsure": gettext_noop("Download, unsure rows first"),
}
ACCEPTED = tuple(".csv .tsv .xlsx .xlsm .json .jsonl .ndjson .parquet .txt .zip .gz".split())


def build(blocks: gr.Blocks) -> None:
    """Choice of the model, the file, its columns, and all files with their answers."""
    chosen = PageState()
    with gr.Column(elem_id="batch-page"):
        View(value={"nodes": modes(PATH)}, lines=0)
        View(server_notice, lines=0, elem_id="server-notice")
        with gr.Column(elem_classes="card") as main:
            model = Choice(label=_("Model"), info=_("One of the finished runs."), elem_id="batch-model")
            file = DataUpload(
                address="/api/v1/batch-predictions",
                accept=ACCEPTED,
                words=WORDS,
                after=gettext_noop("Say below which column is to be read."),
                with_test=False,
            )
            notice = View(lines=0, elem_id="batch-notice")
            with gr.Column(visible=False, elem_id="batch-columns") as form:
                preview = View(lines=0)
                columns = [
                    Choice(visible=number == 0, elem_id=f"batch-column-{number}") for number in range(MOST_COLUMNS)
                ]
                start = gr.Button(_("Answer all rows"), variant="primary", elem_id="batch-start")
        listed = View(describe_files, elem_id="batch-files", min_height=120)
    asked = [chosen, form, preview, *columns, notice]
    listen(blocks.load, open_page, None, [main, model], queued=False)
    listen(file.uploaded, take, model, [*asked, listed])
    listen(file.refused, refuse, None, [notice, form])
    listen(model.input, ask_columns, [model, chosen], asked)
    listen(start.click, queue, [model, chosen, *columns], [form, notice, listed])
    listen(listed.action, change, model, [*asked, listed])


def open_page(request: gr.Request) -> tuple[Any, Any]:
    """The models that can be asked; the one of the address is chosen."""
    found = _models(user_of(request))
    if not found:
        return gr.update(visible=False), gr.skip()
    asked = query_of(request).get("model", "")
    return gr.skip(), gr.update(
        choices=[(words, name) for name, words in found.items()], value=asked if asked in found else next(iter(found))
    )


def take(model: str, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
    """Ask which columns of a file that has just come are to be read."""
    return *ask_columns(model, str(event.dataset), request), reload()


def refuse(event: gr.EventData) -> tuple[Any, Any]:
    """Say why a file was not taken."""
    error = event.error
    return show(banner("error", error["message"], error.get("hint", ""), error.get("code", ""))), gr.update(
        visible=False
    )


def ask_columns(model: str, chosen: str | None, request: gr.Request) -> tuple[Any, ...]:
    """Some rows of a file, and a choice for each text that the model reads, filled in where the data of the run says it."""
    nothing = gr.update(visible=False)
    if not chosen or not model:
        return chosen, nothing, show([]), *(gr.skip() for _column in range(MOST_COLUMNS)), show([])
    user_id = user_of(request)
    found = batch_prediction.uploaded_rows(user_id, chosen)
    run = runs.get_run(user_id, model)
    roles, guess = batch_prediction.roles_of(run), batch_prediction.guess_columns(run, found.columns)
    asked = [
        gr.update(
            visible=True,
            label=_(role.title),
            info=_(role.help),
            choices=[(column, column) for column in found.columns],
            value=guess.get(role.name),
        )
        for role in roles
    ]
    hidden = [gr.update(visible=False, value=None) for _column in range(MOST_COLUMNS - len(asked))]
    heads = [(column, "") for column in found.columns]
    rows: list[list[Node]] = [[str(row[column] or "")[:200] for column in found.columns] for row in found.rows]
    shown = [el("h3", _("First rows")), table(_("First rows"), heads, rows)]
    return chosen, gr.update(visible=True), show(shown), *asked, *hidden, show([])


def queue(request: gr.Request, model: str, chosen: str, *values: Any) -> tuple[Any, Any, Any]:
    """Queue the file with the chosen model and columns."""
    user_id = user_of(request)
    roles = batch_prediction.roles_of(runs.get_run(user_id, model))
    columns = {role.name: str(value) for role, value in zip(roles, values, strict=False) if value}
    batch_prediction.start(user_id, chosen, model, columns)
    return gr.update(visible=False), show([]), reload()


def change(model: str, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
    """Stop, go on with or delete a file, or choose the columns of one that waits."""
    user_id, batch_id = user_of(request), str(event.value)
    if event.name == "choose":
        return *ask_columns(model, batch_id, request), reload()
    if event.name == "resume":
        batch_prediction.start(user_id, batch_id, batch_prediction.get_batch(user_id, batch_id).model)
    else:
        {"stop": batch_prediction.cancel, "delete": batch_prediction.remove}[event.name](user_id, batch_id)
    return *(gr.skip() for _part in range(MOST_COLUMNS + 4)), reload()


def describe_files(user_id: str, query: Mapping[str, str]) -> Content:
    """One's own files, newest first, with how far each is."""
    found = batch_prediction.list_batches(user_id)
    if not found and not _models(user_id):
        words = _("Once a run has finished, it can answer whole files here.")
        return Content(empty_state(_("No tuned model yet."), words, ("/new", _("Tune a model"))))
    busy = any(batch.state in ACTIVE for batch in found)
    note = _("Files and answers are kept for {days} days.", days=batch_prediction.KEPT_DAYS)
    nodes = [
        el("h2", counted(len(found), "file")),
        el("p", note, cls="muted"),
        el("ul", [_file_item(batch) for batch in found], cls="fetch-list", aria_label=_("Files")),
    ]
    return Content(nodes if found else "", again=SECONDS_BETWEEN_LOOKS if busy else None)


def _file_item(batch: BatchPredictionStatus) -> Node:
    about = [counted(batch.rows, "row"), batch.model_name, moment(batch.created_at)]
    head = [el("strong", batch.file_name), *([] if batch.state == UPLOADED else [state_chip(batch.state)])]
    error = batch.error
    return el(
        "li",
        el("div", head, cls="fetch-head"),
        el("p", [[" · " if at else "", part] for at, part in enumerate(about) if part], cls="muted small"),
        _progress(batch) if batch.state in ACTIVE else None,
        el("p", f"{error['message']} ", el("span", error.get("hint", ""), cls="muted")) if error else None,
        el("p", _left_out(batch), cls="muted small") if batch.unanswered else None,
        el("div", _buttons(batch), cls="actions"),
    )


def _progress(batch: BatchPredictionStatus) -> Node:
    words = _("{answered} of {rows} rows", answered=count(batch.answered), rows=count(batch.rows))
    bar = el(
        "progress",
        max=batch.rows,
        value=batch.answered or None,
        aria_label=_("Progress of {repo}", repo=batch.file_name),
    )
    share = percent(batch.answered / max(1, batch.rows))
    return el(
        "div", bar, el("span", f" {words}, {share}" if batch.answered else f" {_(batch.phase)}", cls="muted small")
    )


def _left_out(batch: BatchPredictionStatus) -> str:
    return _(
        "{unanswered} rows have no answer; the column no_answer_because says why.", unanswered=count(batch.unanswered)
    )


def _buttons(batch: BatchPredictionStatus) -> list[Node]:
    if batch.state in ACTIVE:
        return [action(_("Stop"), "stop", batch.id, look="stop")]
    links = [
        el(
            "a",
            _(ORDER_WORDS[order]),
            href=f"/api/v1/batch-predictions/{batch.id}/answers?order={order}",
            cls="button primary" if order == "file" else "button",
            download=True,
        )
        for order in batch.orders
    ]
    confirm = (_("Delete {file}?", file=batch.file_name), _("The file and its answers are deleted."), _("Delete"))
    forward = []
    if batch.state == UPLOADED:
        forward = [action(_("Choose columns"), "choose", batch.id)]
    elif batch.state != SUCCEEDED:
        forward = [action(_("Go on"), "resume", batch.id), action(_("Choose columns"), "choose", batch.id)]
    return [*links, *forward, action(_("Delete"), "delete", batch.id, cls="link", confirm=confirm)]


def _models(user_id: str) -> dict[str, str]:
    """Id -> words of the person's finished runs, newest first."""
    return {run.id: _words(run) for run in runs.list_runs(user_id) if run.job.state == SUCCEEDED}


def _words(run: Run) -> str:
    method = method_title(run.method)
    return run.name if method in run.name else f"{run.name} ({method})"


BATCH_PREDICTIONS = Page(
    path=PATH,
    title="Batch prediction",
    nav_under="/playground",
    purpose="A tuned model answers every row of a file; the answers come back as a table, on wish with the rows first that it is unsure of.",
    build=build,
)
