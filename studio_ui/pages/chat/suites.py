"""Saved prompts: kept under a name, put to every chosen model, replies in a table that can be taken along as CSV."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import gradio as gr
from anyio import to_thread

from app.languages import gettext as _
from app.languages import ngettext
from app.services.inference import chat, prompt_suites, replies
from app.services.inference.chat import SamplingSettings
from studio_ui.components.accordion import Accordion
from studio_ui.components.choice import Choice
from studio_ui.components.nodes import Node, el
from studio_ui.components.save_rows import SaveRows
from studio_ui.components.view import View, show
from studio_ui.formats import counted
from studio_ui.pages.chat import streams
from studio_ui.pages.chat.choices import read_sampling, target_of
from studio_ui.session import listen, user_of

Talk = dict[str, Any]
Updates = dict[Any, Any]
NAME = "suite"
FILE_NAME = "replies.csv"


class PromptPanel:
    """The panel of saved prompts, closed at first."""

    def __init__(self) -> None:
        with Accordion(_("Saved prompts, all models in a table"), open=False, elem_id="chat-prompts"):
            with gr.Row(elem_classes="suite-row"):
                self.choice = Choice(label=_("Saved prompts"), elem_id="suite-choice")
                self.name = gr.Textbox(label=_("Name for these prompts"), max_length=200, elem_id="suite-name")
                self.save = gr.Button(_("Save"), elem_id="suite-save")
                self.remove = gr.Button(_("Delete"), elem_id="suite-remove")
            self.lines = gr.Textbox(
                label=_("Prompts, one per line"), placeholder=_("One prompt per line"), lines=4, elem_id="suite-prompts"
            )
            with gr.Row(elem_classes="actions"):
                self.run = gr.Button(_("Ask every model"), variant="primary", elem_id="suite-run")
                self.stop = gr.Button(_("Stop"), variant="stop", visible=False, elem_id="suite-stop")
            self.status = View(lines=0, elem_id="suite-status")
            self.table = View(lines=0, elem_id="suite-table")
            self.file = SaveRows(elem_id="suite-csv")

    def listen(self, blocks: gr.Blocks, state: gr.components.Component, fields: list[Any]) -> None:
        """Register the listeners; ``fields`` are system prompt and sampling of the page."""
        listen(blocks.load, self.load, None, self.choice, queued=False)
        listen(self.choice.input, self.show, self.choice, [self.name, self.lines])
        listen(self.save.click, self.keep, [self.name, self.lines], self.choice)
        listen(self.remove.click, self.forget, self.choice, self.choice)
        outputs = [self.run, self.stop, self.status, self.table, self.file]
        listen(self.run.click, self.ask, [state, self.lines, *fields], outputs)
        listen(self.stop.click, self.end, None, None)

    def load(self, request: gr.Request) -> Any:
        """What is saved."""
        return _choices(user_of(request), "")

    def show(self, suite_id: str, request: gr.Request) -> tuple[Any, Any]:
        """The chosen prompts in the fields."""
        saved = prompt_suites.list_suites(user_of(request))
        chosen = next((suite for suite in saved if suite.id == suite_id), None)
        return (chosen.name, "\n".join(chosen.prompts)) if chosen else (gr.skip(), gr.skip())

    def keep(self, name: str, lines: str, request: gr.Request) -> Any:
        """Save the prompts under the name."""
        user_id = user_of(request)
        saved = prompt_suites.save(user_id, name, _prompts(lines))
        gr.Success(_("Saved."), duration=4)
        return _choices(user_id, saved.id)

    def forget(self, suite_id: str, request: gr.Request) -> Any:
        """Delete the chosen prompts."""
        if suite_id:
            prompt_suites.remove(user_of(request), suite_id)
        return _choices(user_of(request), "")

    async def end(self, request: gr.Request) -> None:
        """Stop the models."""
        streams.stop(user_of(request), NAME)

    async def ask(
        self, talk: Talk, lines: str, system: str, temperature: float, top_p: float, max_tokens: float,
        seed: float | None, request: gr.Request,
    ) -> AsyncIterator[Updates]:  # fmt: skip
        """Put every prompt to all models, one prompt after the other."""
        user_id, sampling = user_of(request), read_sampling(temperature, top_p, max_tokens, seed)
        prompts, models = _prompts(lines), talk["models"]
        if not prompts:
            yield {self.status: show(_words(_("Type a prompt first, one per line.")))}
            return
        targets = await to_thread.run_sync(chat.list_chat_targets, user_id)
        names = [target_of(targets, model).name for model in models]
        cells = [["" for _ in models] for _ in prompts]
        replied = 0
        yield {self.run: gr.update(visible=False), self.stop: gr.update(visible=True), self.file: gr.update(value=None)}
        for row, prompt in enumerate(prompts):
            doing = _("Prompt {row} of {prompts}.", row=row + 1, prompts=len(prompts))
            yield {self.status: show(_words(doing)), self.table: show(_table(names, prompts, cells))}
            left = set(range(len(models)))
            sources = [
                (at, partial(_open, user_id, model, system, prompt, sampling)) for at, model in enumerate(models)
            ]
            async for batch in streams.side_by_side(user_id, NAME, sources):
                for at, event in batch:
                    cells[row][at] += _written(event)
                    replied += "done" in event
                    left -= {at} if event is streams.END else set()
                yield {self.table: show(_table(names, prompts, cells))}
            for at in left:
                cells[row][at] += _(" (stopped)")
            if left:
                break
        answered = ngettext("One reply", "{number} replies", replied)
        yield {
            self.run: gr.update(visible=True),
            self.stop: gr.update(visible=False),
            self.status: show(
                _words(_("{answered} from {models}.", answered=answered, models=counted(len(models), "model")))
            ),
            self.table: show(_table(names, prompts, cells)),
            self.file: gr.update(value=_file(names, prompts, cells)),
        }


async def _open(
    user_id: str, model: str, system: str, prompt: str, sampling: SamplingSettings
) -> AsyncIterator[dict[str, Any]]:
    system_message = [{"role": "system", "content": system}] if system.strip() else []
    return (await replies.open_reply(user_id, model, [*system_message, {"role": "user", "content": prompt}], sampling))[
        1
    ]


def _written(event: dict[str, Any]) -> str:
    if "error" in event:
        return f"{event['error']['message']} {event['error'].get('hint', '')}".strip()
    return str(event.get("text", ""))


def _prompts(lines: str) -> list[str]:
    return [line.strip() for line in lines.split("\n") if line.strip()]


def _choices(user_id: str, chosen: str) -> Any:
    saved = prompt_suites.list_suites(user_id)
    first = _("Choose saved prompts…") if saved else _("Nothing saved yet")
    choices = [(first, ""), *((f"{suite.name} ({len(suite.prompts)})", suite.id) for suite in saved)]
    return gr.update(choices=choices, value=chosen)


def _words(text: str) -> Node:
    return el("p", text, cls="muted", role="status")


def _table(names: list[str], prompts: list[str], cells: list[list[str]]) -> Node:
    head = el("tr", el("th", _("Prompt"), scope="col"), [el("th", name, scope="col") for name in names])
    rows = [
        el("tr", el("th", prompt, scope="row"), [el("td", cell) for cell in row])
        for prompt, row in zip(prompts, cells, strict=True)
    ]
    table = el("table", el("thead", head), el("tbody", rows), cls="data-table")
    return el("div", table, cls="table-box", tabindex="0", role="region", aria_label=_("Replies of every model"))


def _file(names: list[str], prompts: list[str], cells: list[list[str]]) -> dict[str, Any]:
    rows = [[prompt, *row] for prompt, row in zip(prompts, cells, strict=True)]
    return {"name": FILE_NAME, "rows": [[_("Prompt"), *names], *rows]}
