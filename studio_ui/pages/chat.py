"""Chat: one to four models answer the same conversation side by side."""

from studio_ui.pages.page import Page

CHAT = Page(
    path="/chat",
    title="Chat",
    nav_under="/playground",
    purpose="Talk to one to four models side by side, the base model among them. Conversations are kept for you.",
    script="chat.js",
    container="chat-page",
)
