"""New run: the guided path from data to a queued run."""

from studio_ui.pages.new_run.layout import first_step
from studio_ui.pages.new_run.wizard import build
from studio_ui.pages.page import Page

NEW_RUN = Page(
    path="/new",
    title="Tune a model",
    nav_label="New run",
    purpose="Six short steps, each already filled in with a recommendation and its reason.",
    build=build,
    first_step=first_step,
)
