"""Models: the base models and tuning methods there are."""

from studio_ui.pages.page import Page

MODELS = Page(
    path="/models",
    title="Models",
    nav_label="Models",
    purpose="The base models you can start from, with size and licence, and the tuning methods with when to choose them.",
    script="models.js",
    container="models-page",
)
