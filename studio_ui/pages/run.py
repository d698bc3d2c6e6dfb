"""Run: one run, live while it works and complete when it has ended."""

from studio_ui.pages.page import Page

RUN = Page(
    path="/run",
    title="Run",
    nav_under="/runs",
    purpose="Follow one run while it trains, then read its result, its mistakes and its settings.",
    script="run.js",
    container="run-page",
    heading=False,
    charts=True,
)
