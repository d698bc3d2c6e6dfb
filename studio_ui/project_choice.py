"""The list from which a person chooses the project to work in, with the way to its members; shown where there are colleagues."""

from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import projects
from app.services.accounts.access import TO_CHANGE
from studio_ui.components.nodes import el
from studio_ui.components.view import View
from studio_ui.permits import Permits
from studio_ui.session import listen, user_of

WHAT = gettext_noop("What is listed, and where uploads go")
# Every view of the page shows the other project.
RELOAD = "() => location.reload()"


def build_project_choice(blocks: gr.Blocks) -> None:
    """The list, filled when the page opens."""
    with gr.Row(visible=False, equal_height=False, elem_id="project-row") as row:
        chosen = gr.Dropdown(
            [],
            label=_("Project"),
            info=_(WHAT),
            elem_id="project-choice",
        )
        View(value={"nodes": el("a", _("Members"), href="/projects", cls="button small")}, lines=0)
    listen(blocks.load, open_choice, None, [row, chosen], queued=False)
    listen(listen(chosen.input, choose, chosen, None).success, None, None, None, js=RELOAD)


def open_choice(request: gr.Request) -> tuple[Any, Any]:
    """The person's projects, with the one they work in."""
    user_id = user_of(request)
    known = projects.list_projects(user_id)
    several = len(known) > 1 or bool(projects.list_colleagues(user_id))
    options = [(_("All projects"), ""), *((project.name, project.id) for project in known)]
    permits = permits_for_new(user_id)
    about = _(WHAT) if permits.allows(TO_CHANGE) else permits.refused[TO_CHANGE]
    return gr.update(visible=several), gr.update(choices=options, value=projects.chosen(user_id), info=about)


def permits_for_new(user_id: str) -> Permits:
    """What the person may do where their uploads go: in the chosen project, or in their own."""
    chosen = projects.chosen(user_id)
    return Permits.read(user_id, chosen) if chosen else Permits({})


def choose(project_id: str | None, request: gr.Request) -> None:
    """Work in a project from now on."""
    projects.choose(user_of(request), project_id or "")
