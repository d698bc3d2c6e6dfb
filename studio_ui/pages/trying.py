"""What the pages on which models are tried share: the switch between them, and whether any model could answer now."""

from collections.abc import Mapping

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.inference import inference_client
from studio_ui.components.nodes import Node, banner, el
from studio_ui.components.view import Content

SECONDS_BETWEEN_LOOKS = 10.0
PAGES = (
    ("/playground", gettext_noop("Label texts")),
    ("/batch", gettext_noop("A whole file")),
    ("/chat", gettext_noop("Chat")),
)


def modes(here: str) -> Node:
    """The ways to try models, as links; ``here`` is the present one."""
    links = [
        el("a", _(words), cls="segment", href=path, aria_current="page" if path == here else None)
        for path, words in PAGES
    ]
    return el("div", links, cls="segments", role="navigation", aria_label=_("Ways to try a model"))


def server_notice(user_id: str, query: Mapping[str, str]) -> Content:
    """Why no model could answer now, and what to do about it; nothing while all is well."""
    problem = inference_client.status().problem
    shown = banner("error", problem.message, problem.hint, problem.code) if problem else ""
    return Content(shown, again=SECONDS_BETWEEN_LOOKS)
