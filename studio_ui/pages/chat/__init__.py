"""Chat: one to four models answer the same conversation side by side."""

import gradio as gr

from studio_ui.pages.chat.conversation import ChatPage
from studio_ui.pages.page import Page


def build(blocks: gr.Blocks) -> None:
    """The whole page."""
    with gr.Column(elem_id="chat-page"):
        ChatPage().listen(blocks)


CHAT = Page(
    path="/chat",
    title="Chat",
    nav_under="/playground",
    purpose="Talk to one to four models side by side, the base model among them. Conversations are kept for you.",
    build=build,
)
