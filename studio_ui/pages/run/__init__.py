"""Run: one run, live while it works and complete when it has ended."""

from studio_ui.pages.page import Page
from studio_ui.pages.run.layout import build

RUN = Page(
    path="/run",
    title="Run",
    nav_under="/runs",
    purpose="Follow one run while it trains, then read its result, its mistakes and its settings.",
    heading=False,
    charts=True,
    build=build,
)
