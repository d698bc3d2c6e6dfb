"""The pages of the studio, in the order of the menu. A new page is one file beside this one and one line in ``PAGES``."""

from studio_ui.pages.account import ACCOUNT
from studio_ui.pages.audit import AUDIT
from studio_ui.pages.batch_predictions import BATCH_PREDICTIONS
from studio_ui.pages.chat import CHAT
from studio_ui.pages.compare import COMPARE
from studio_ui.pages.datasets import DATASETS
from studio_ui.pages.experiments import EXPERIMENTS
from studio_ui.pages.home import HOME
from studio_ui.pages.models import MODELS
from studio_ui.pages.new_run import NEW_RUN
from studio_ui.pages.page import Page
from studio_ui.pages.parts import PARTS_PAGE
from studio_ui.pages.people import PEOPLE
from studio_ui.pages.playground import PLAYGROUND
from studio_ui.pages.projects import PROJECTS
from studio_ui.pages.queue import QUEUE
from studio_ui.pages.run import RUN
from studio_ui.pages.runs import RUNS

PAGES: tuple[Page, ...] = (
    HOME,
    DATASETS,
    NEW_RUN,
    RUNS,
    RUN,
    QUEUE,
    COMPARE,
    EXPERIMENTS,
    PLAYGROUND,
    CHAT,
    BATCH_PREDICTIONS,
    MODELS,
    PROJECTS,
    ACCOUNT,
    PEOPLE,
    AUDIT,
    PARTS_PAGE,
)


def page_at(path: str) -> Page | None:
    """The page at an address, a trailing slash more or less; ``None`` if there is none."""
    wanted = "/" + path.strip("/")
    return next((page for page in PAGES if page.path == wanted), None)
