"""The conversation of the chat page: what its listeners do."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import gradio as gr
from anyio import to_thread

from app.errors import Conflict, StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import projects
from app.services.accounts.access import TO_CHANGE
from app.services.inference import chat, conversations, replies
from app.services.inference.chat import ListedChatTarget, SamplingSettings
from app.services.inference.conversations import FullConversation
from studio_ui.components.nodes import banner, empty_state
from studio_ui.components.view import View, reload, show
from studio_ui.pages.chat import parts, streams
from studio_ui.pages.chat.choices import lost_model_notes, proposed_models, read_sampling, system_note, target_of
from studio_ui.pages.chat.earlier import earlier_conversations
from studio_ui.pages.chat.panes import (
    LOADING,
    Shown,
    facts_of,
    failure,
    heading,
    message_of,
    messages_of,
    reply_of,
    votes_of,
)
from studio_ui.pages.chat.suites import PromptPanel
from studio_ui.session import listen, query_of, user_of

# What a listener answers: some components and what becomes of them.
Updates = dict[Any, Any]
Talk = dict[str, Any]

KINDS = {"base": gettext_noop("Base model"), "run": gettext_noop("Tuned"), "checkpoint": gettext_noop("Checkpoint")}
# The address names the models and the conversation, so that it can be reloaded and shared.
ADDRESS = """(talk) => {
  const address = new URL(location.href);
  address.searchParams.set("models", talk.models.join(","));
  if (talk.id) address.searchParams.set("id", talk.id);
  else address.searchParams.delete("id");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}"""


class ChatPage:
    """The components of the page and its listeners."""

    def __init__(self) -> None:
        self.state = parts.make_state()
        self.empty = View(lines=0, elem_id="chat-notice")
        with gr.Column() as self.main:
            self.models = parts.make_models()
            self.settings = parts.make_settings()
            self.panes = parts.make_panes()
            self.composer = parts.make_composer()
            self.prompts = PromptPanel()
            self.earlier = View(earlier_conversations, lines=1, elem_id="chat-earlier")

    @property
    def outputs(self) -> list[Any]:
        """Everything that changes with the conversation."""
        shown = [part for pane in self.panes for part in (pane.column, pane.heading, pane.talk)]
        composer = self.composer
        fixed = [self.state, self.empty, self.main, self.models, self.settings.note, self.earlier]
        return [*fixed, *self.settings.fields, *shown, composer.text, composer.send, composer.stop]

    def listen(self, blocks: gr.Blocks) -> None:
        """Register the listeners."""
        settings, composer, outputs = self.settings.fields, self.composer, self.outputs
        listen(blocks.load, self.open, None, outputs, queued=False)
        listen(self.state.change, None, self.state, None, js=ADDRESS)
        for event in (composer.send.click, composer.text.submit):
            listen(event, self.ask, [self.state, composer.text, *settings], outputs)
        listen(composer.stop.click, self.stop, self.state, None)
        listen(composer.new.click, self.start_anew, self.state, outputs)
        listen(self.models.input, self.choose, [self.models, self.state, self.settings.system], outputs)
        watched = [self.settings.system, self.state]
        listen(
            self.settings.system.input, self.note, watched, self.settings.note, queued=False, trigger_mode="always_last"
        )
        self.prompts.listen(blocks, self.state, settings)
        listen(self.earlier.action, self.forget, self.state, outputs)
        for at, pane in enumerate(self.panes):
            again = self.again_in(at)
            for event in (pane.talk.retry, pane.talk.option_select):
                listen(event, again, [self.state, *settings], outputs)
            listen(pane.talk.undo, self.undo, self.state, outputs)
            listen(pane.talk.like, self.rate_in(at), self.state, None)
            listen(pane.talk.edit, self.edit_in(at), [self.state, *settings], outputs)

    # What is shown

    def open(self, request: gr.Request) -> Updates:
        """The page as its address says."""
        user_id, query = user_of(request), query_of(request)
        targets = chat.list_chat_targets(user_id)
        if not targets:
            words = _("Once a generative model is installed or fine-tuned, you can chat with it here.")
            shown = empty_state(_("No chat model here."), words, ("/models", _("Go to Models")))
            return {self.empty: show(shown), self.main: gr.update(visible=False)}
        asked = [name for name in query.get("models", "").split(",") if name]
        there = [name for name in dict.fromkeys(asked) if name in {target.id for target in targets}][: parts.MOST]
        lost = [name for name in asked if name not in there]
        notice, talk = lost_model_notes(lost), None
        if query.get("id"):
            try:
                talk, notice = conversations.read(user_id, query["id"]), []
            except StudioError as error:
                notice = [banner("error", error.message, error.hint, error.code)]
        offered = chat.list_chat_targets(user_id, projects.chosen(user_id))
        models = talk.models if talk else there or proposed_models(offered)
        system = talk.system if talk else next(filter(None, (target_of(targets, name).system for name in models)), "")
        choices = [
            (f"{_(KINDS[target.kind])}: {target.name}", target.id)
            for target in targets
            if target in offered or target.id in models
        ]
        return {
            **self.shown(user_id, models, talk, targets),
            **self.read_only(user_id, talk),
            self.models: gr.update(choices=choices, value=models),
            self.empty: show(notice),
            self.settings.system: system,
            self.settings.note: show(system_note(targets, models, system)),
            **self.sampled(talk),
        }

    def read_only(self, user_id: str, talk: FullConversation | None) -> Updates:
        """No field for a question where the conversation is a colleague's."""
        if talk is None or talk.id in conversations.permitted(user_id, TO_CHANGE):
            return {}
        words = _("This conversation is a colleague's: you read it. Choose models above to begin one of your own.")
        return {
            self.composer.text: gr.update(interactive=False, placeholder=words),
            self.composer.send: gr.update(visible=False),
        }

    def sampled(self, talk: FullConversation | None) -> Updates:
        """The settings of a conversation that is opened again."""
        kept = {**asdict(SamplingSettings()), **(talk.sampling if talk else {})}
        fields = self.settings
        return {
            fields.temperature: kept["temperature"],
            fields.top_p: kept["top_p"],
            fields.max_tokens: kept["max_tokens"] or SamplingSettings.max_tokens,
            fields.seed: kept["seed"],
        }

    def shown(
        self, user_id: str, models: list[str], talk: FullConversation | None, targets: list[ListedChatTarget]
    ) -> Updates:
        """The panes with the conversation, and the composer ready for the next question."""
        updates: Updates = {
            self.state: {"id": talk.id if talk else None, "models": models},
            self.composer.text: gr.update(interactive=True),
            self.composer.send: gr.update(visible=True, interactive=True),
            self.composer.stop: gr.update(visible=False),
        }
        records = talk.messages if talk else []
        for at, pane in enumerate(self.panes):
            updates[pane.column] = gr.update(visible=at < len(models))
            if at < len(models):
                updates[pane.heading] = show(heading(target_of(targets, models[at])))
                updates[pane.talk] = gr.update(value=messages_of(records, at), feedback_value=votes_of(records, at))
        return updates

    def note(self, system: str, talk: Talk, request: gr.Request) -> Any:
        """Whether the models get the system prompt of their training."""
        return show(system_note(chat.list_chat_targets(user_of(request)), talk["models"], system))

    # What the person does

    def choose(self, models: list[str], talk: Talk, system: str, request: gr.Request) -> Updates:
        """Other models begin a conversation of their own: a reply must not stand under a model that never gave it."""
        user_id = user_of(request)
        if not models:
            return {self.models: talk["models"]}
        targets = chat.list_chat_targets(user_id)
        _stop_writing(user_id, talk)
        return {
            **self.shown(user_id, models, None, targets),
            self.empty: show([]),
            self.settings.note: show(system_note(targets, models, system)),
        }

    async def start_anew(self, talk: Talk, request: gr.Request) -> Updates:
        """An empty conversation with the same models."""
        user_id = user_of(request)
        _stop_writing(user_id, talk)
        targets = await to_thread.run_sync(chat.list_chat_targets, user_id)
        return {**self.shown(user_id, talk["models"], None, targets), self.empty: show([])}

    async def stop(self, talk: Talk, request: gr.Request) -> None:
        """End all replies that are being written; what there is of them is kept."""
        _stop_writing(user_of(request), talk)

    async def forget(self, talk: Talk, request: gr.Request, event: gr.EventData) -> Updates:
        """Delete an earlier conversation."""
        conversations.remove(user_of(request), str(event.value))
        updates = await self.start_anew(talk, request) if event.value == talk["id"] else {}
        return {**updates, self.earlier: reload()}

    def undo(self, talk: Talk, request: gr.Request) -> Updates:
        """Take the newest question back into the field, with all replies to it."""
        user_id = user_of(request)
        text = conversations.take_back(user_id, talk["id"])
        found, targets = conversations.read(user_id, talk["id"]), chat.list_chat_targets(user_id)
        return {**self.shown(user_id, talk["models"], found, targets), self.composer.text: gr.update(value=text)}

    async def ask(
        self, talk: Talk, text: str, system: str, temperature: float, top_p: float, max_tokens: float, seed: float | None,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:  # fmt: skip
        """Send a question to all models and show their replies as they are written."""
        user_id, sampling = user_of(request), read_sampling(temperature, top_p, max_tokens, seed)
        if not text.strip():
            yield {self.composer.text: gr.skip()}
            return
        talk = await to_thread.run_sync(_begin, user_id, talk, system, sampling, text)
        yield {self.composer.text: "", self.empty: show([])}
        async for updates in self.write(user_id, talk, range(len(talk["models"])), sampling):
            yield updates

    def again_in(self, at: int) -> Any:
        """The listener that asks one model for another reply to the newest question."""

        async def again(
            talk: Talk, system: str, temperature: float, top_p: float, max_tokens: float, seed: float | None,
            request: gr.Request,
        ) -> AsyncIterator[Updates]:  # fmt: skip
            user_id, sampling = user_of(request), read_sampling(temperature, top_p, max_tokens, seed)
            await to_thread.run_sync(_begin, user_id, talk, system, sampling, "")
            async for updates in self.write(user_id, talk, [at], sampling):
                yield updates

        return again

    def rate_in(self, at: int) -> Any:
        """The listener that keeps a vote on a reply of one pane."""

        def rate(talk: Talk, request: gr.Request, event: gr.LikeData) -> None:
            user_id = user_of(request)
            number = _number_at(conversations.read(user_id, talk["id"]), at, event)
            vote = {True: "up", False: "down"}.get(event.liked) if isinstance(event.liked, bool) else None
            conversations.rate(user_id, talk["id"], number, at, vote)

        return rate

    def edit_in(self, at: int) -> Any:
        """The listener that asks a changed question in the place of one of a pane; what followed it is gone."""

        async def edit(
            talk: Talk, system: str, temperature: float, top_p: float, max_tokens: float, seed: float | None,
            request: gr.Request, event: gr.EditData,
        ) -> AsyncIterator[Updates]:  # fmt: skip
            user_id, sampling = user_of(request), read_sampling(temperature, top_p, max_tokens, seed)
            found = await to_thread.run_sync(conversations.read, user_id, talk["id"])
            number = _number_at(found, at, event)
            await to_thread.run_sync(_begin, user_id, talk, system, sampling, _text_of(event.value), number)
            async for updates in self.write(user_id, talk, range(len(talk["models"])), sampling):
                yield updates

        return edit

    async def write(
        self, user_id: str, talk: Talk, panes: Sequence[int], sampling: SamplingSettings
    ) -> AsyncGenerator[Updates, None]:
        """The replies of some panes as they are written, then the page at rest."""
        found = await to_thread.run_sync(conversations.read, user_id, talk["id"])
        before = {at: _before(found, at) for at in panes}
        sources = [(at, partial(replies.open_stored_reply, user_id, talk["id"], at, sampling)) for at in panes]
        yield {
            self.state: talk,
            self.composer.send: gr.update(visible=False),
            self.composer.stop: gr.update(visible=True),
            **{
                self.panes[at].talk: [*before[at], message_of("assistant", LOADING, _("Waiting"), "pending")]
                for at in panes
            },
        }
        texts, ends = dict.fromkeys(panes, ""), dict[int, Shown]()
        written = streams.side_by_side(user_id, talk["id"], sources)
        try:
            async for batch in written:
                for at, event in batch:
                    texts[at] += event.get("text", "")
                    if "error" in event:
                        ends[at] = failure(event["error"])
                    elif "done" in event:
                        ends[at] = facts_of(event["done"])
                changed = {at for at, event in batch if event is not streams.END}
                if changed:
                    yield {self.panes[at].talk: _so_far(before[at], texts[at], ends.get(at)) for at in changed}
        finally:
            await written.aclose()
        yield await to_thread.run_sync(self.at_rest, user_id, talk, ends)

    def at_rest(self, user_id: str, talk: Talk, ends: dict[int, Shown]) -> Updates:
        """The page after the replies; a reply that could not begin is not stored, so its failure is shown here."""
        found, targets = conversations.read(user_id, talk["id"]), chat.list_chat_targets(user_id)
        updates = self.shown(user_id, talk["models"], found, targets)
        for at, end in ends.items():
            shown = messages_of(found.messages, at)
            if shown and "options" in shown[-1]:
                updates[self.panes[at].talk] = [*shown[:-1], {**end, "options": shown[-1]["options"]}]
        return {**updates, self.earlier: reload()}


def _so_far(before: list[Shown], text: str, end: Shown | None) -> list[Shown]:
    return [*before, *(reply_of(text) if text else []), *([end] if end else [])]


def _before(found: FullConversation, pane: int) -> list[Shown]:
    """What stands in the pane before the reply to the newest question."""
    last = max(record.number for record in found.messages)
    kept = [record for record in found.messages if record.pane is None or record.number < last]
    shown = messages_of(kept, pane)
    return shown[:-1] if "options" in shown[-1] else shown


def _number_at(found: FullConversation, pane: int, event: gr.EditData | gr.LikeData) -> int:
    """The number of the question at the place of an event in a pane, or of the one answered there."""
    shown = messages_of(found.messages, pane)
    index = event.index if isinstance(event.index, int) else 0
    questions = [record.number for record in found.messages if record.pane is None]
    asked = sum(message["role"] == "user" for message in shown[: index + 1])
    return int(questions[max(0, min(asked, len(questions)) - 1)])


def _text_of(value: Any) -> str:
    """The text of a message as Gradio's events have it."""
    return "".join(str(part.get("text", "")) for part in value) if isinstance(value, list) else str(value)


def _begin(
    user_id: str, talk: Talk, system: str, sampling: SamplingSettings, text: str, number: int | None = None
) -> Talk:
    """Store settings and question; ``number`` is that of the question whose place it takes.

    Raises:
        Conflict: replies are still being written.
    """
    if talk["id"] and streams.is_running(user_id, talk["id"]):
        raise Conflict("still_writing", _("A reply is still being written."), _("Wait for its end, or stop it."))
    kept = {**asdict(sampling), "stop": list(sampling.stop)}
    if talk["id"]:
        stored = conversations.change(user_id, talk["id"], talk["models"], system, kept)
    else:
        stored = conversations.start(user_id, talk["models"], system, kept)
    if number is not None:
        conversations.take_back(user_id, stored.id, number)
    if text:
        conversations.ask(user_id, stored.id, text)
    return {**talk, "id": stored.id}


def _stop_writing(user_id: str, talk: Talk) -> None:
    if talk["id"]:
        streams.stop(user_id, talk["id"])
