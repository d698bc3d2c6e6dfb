"""Runs: the table of all runs."""

from studio_ui.pages.page import Page

RUNS = Page(
    path="/runs",
    title="Runs",
    nav_label="Runs",
    purpose="Every run with its state and result; choose several to compare them.",
    script="runs.js",
    container="runs-page",
)
