"""Playground: fine-tuned models answer texts of your own."""

from studio_ui.pages.page import Page

PLAYGROUND = Page(
    path="/playground",
    title="Playground",
    nav_label="Playground",
    purpose="Type or paste texts and see what one to three fine-tuned models answer, side by side.",
    script="playground.js",
    container="playground-page",
)
