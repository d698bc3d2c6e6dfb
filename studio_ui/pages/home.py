"""Home: what this is, the one big button, and where you left off."""

from studio_ui.pages.page import Page

HOME = Page(
    path="/",
    title="Home",
    nav_label="Home",
    purpose="Train a new model, try a sample, or continue where you left off.",
    script="home.js",
    container="home-page",
    heading=False,
)
