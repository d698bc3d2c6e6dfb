"""The components of the chat page, in the order in which they stand."""

from dataclasses import dataclass

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.accordion import Accordion
from studio_ui.components.choice import Choice
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View
from studio_ui.pages.trying import modes, server_notice

MOST = 4
SEED_HELP = gettext_noop("The same seed gives the same reply; it holds for every pane. Empty: chance.")
MODELS_HELP = gettext_noop("One to four answer side by side. Another choice begins a new conversation.")


@dataclass(frozen=True)
class ChatSettings:
    """What is sent to every model with the conversation."""

    system: gr.Textbox
    note: View
    temperature: gr.Slider
    top_p: gr.Slider
    max_tokens: gr.Slider
    seed: gr.Number

    @property
    def fields(self) -> list[gr.components.Component]:
        """The fields in the order in which listeners take them."""
        return [self.system, self.temperature, self.top_p, self.max_tokens, self.seed]


@dataclass(frozen=True)
class Pane:
    """The conversation with one model."""

    column: gr.Column
    heading: View
    talk: gr.Chatbot


@dataclass(frozen=True)
class Composer:
    """Where questions are written."""

    text: gr.Textbox
    send: gr.Button
    stop: gr.Button
    new: gr.Button


def make_models() -> Choice:
    """The switch to the other way to try models, whether any could answer, and the choice of models."""
    View(value={"nodes": modes("/chat")}, lines=0)
    View(server_notice, lines=0, elem_id="server-notice")
    return Choice(
        label=_("Models side by side"), info=_(MODELS_HELP), multiselect=True, max_choices=MOST, elem_id="chat-models"
    )


def make_settings() -> ChatSettings:
    """System prompt and sampling, closed at first."""
    with Accordion(_("System prompt and settings"), open=False, elem_id="chat-settings"):
        system = gr.Textbox(label=_("System prompt"), lines=2, elem_id="chat-system")
        note = View(lines=0, elem_id="chat-system-note")
        with gr.Row(elem_classes="chat-fields"):
            temperature = gr.Slider(
                0, 2, 0.7, step=0.1, label=_("Temperature"), elem_id="chat-temperature",
                info=_("0 always takes the most probable token; higher is more varied."),
            )  # fmt: skip
            top_p = gr.Slider(
                0.05, 1, 0.95, step=0.05, label=_("Top-p"), elem_id="chat-top_p",
                info=_("Only the most probable tokens that together reach this share are considered."),
            )  # fmt: skip
            max_tokens = gr.Slider(
                1, 4096, 256, step=1, label=_("Longest reply (tokens)"), elem_id="chat-max_tokens",
                info=_("A token is about three quarters of a word."),
            )  # fmt: skip
            seed = gr.Number(None, label=_("Seed"), precision=0, elem_id="chat-seed", info=_(SEED_HELP))
    return ChatSettings(system, note, temperature, top_p, max_tokens, seed)


def make_panes() -> list[Pane]:
    """Four panes; the page shows as many as there are models."""
    panes = []
    with gr.Column(elem_id="chat-panes", elem_classes="panes"):
        for at in range(MOST):
            with gr.Column(visible=at < 2, elem_id=f"chat-pane-{at}", elem_classes="pane chat-pane") as column:
                heading = View(lines=0, min_height=28)
                talk = gr.Chatbot(
                    show_label=False,
                    container=False,
                    height=None,
                    min_height=180,
                    max_height="60vh",
                    editable="user",
                    buttons=["copy"],
                    # What a model writes is shown as it was written.
                    render_markdown=False,
                    placeholder=_("Replies appear here."),
                    elem_classes="talk",
                )
            panes.append(Pane(column, heading, talk))
    return panes


def make_composer() -> Composer:
    """The field for the next question, which stays in sight; it opens when the models are known."""
    with gr.Column(elem_id="chat-form", elem_classes="composer"):
        text = gr.Textbox(
            label=_("Your message"),
            show_label=False,
            placeholder=_("Ask something"),
            lines=1,
            max_lines=8,
            interactive=False,
            elem_id="chat-text",
        )
        with gr.Row(elem_classes="actions"):
            send = gr.Button(_("Send"), variant="primary", interactive=False, elem_id="chat-send")
            stop = gr.Button(_("Stop"), variant="stop", visible=False, elem_id="chat-stop")
            new = gr.Button(_("New conversation"), elem_id="chat-new")
    return Composer(text, send, stop, new)


def make_state() -> PageState:
    """``{"id": of the conversation or None, "models": [name for each pane]}``."""
    return PageState({"id": None, "models": []})
