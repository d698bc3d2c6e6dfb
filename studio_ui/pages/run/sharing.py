"""With whom a run is shared: members of its project, and colleagues to whom it alone is shown."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from app.errors import StudioError
from app.languages import gettext as _
from app.services.accounts import projects
from app.services.accounts.projects import Colleague
from app.services.runs import run_grants
from app.services.runs.run_grants import RunViewers
from studio_ui.components.nodes import Node, action, el
from studio_ui.components.view import View, reload
from studio_ui.pages.run.wanted import wanted_id
from studio_ui.session import listen, query_of, user_of

# Everybody is a button up to this many colleagues; of more, a name is typed.
MAX_BUTTONS = 24
FOCUS = "() => document.querySelector('#share-run button')?.focus()"


def build_sharing() -> Callable[[View], None]:
    """The panel, and what connects it to the button *Share* of a run."""
    with gr.Column(visible=False, elem_id="share-run", elem_classes="card") as panel:
        viewers = View(describe_viewers, lines=2, elem_id="run-viewers")
        person = gr.Dropdown([], label=_("Colleague"), visible=False, elem_id="share-person")
        close = gr.Button(_("Close"), elem_id="share-run-close")
    listen(viewers.action, change, None, viewers)
    listen(person.input, share_with, person, [viewers, person])
    listen(close.click, None, None, panel, js="() => ({ __type__: 'update', visible: false })")

    def connect(live: View) -> None:
        opened = listen(live.action, open_panel, None, [panel, person])
        listen(opened.success, None, None, None, js=FOCUS)

    return connect


def open_panel(request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
    """Show the panel; other actions of the view are not for it."""
    if event.name != "share":
        return gr.skip(), gr.skip()
    others = _others(user_of(request), wanted_id(query_of(request)))
    choices = [(one.name, one.id) for one in others]
    return gr.update(visible=True), gr.update(choices=choices, value=None, visible=len(others) > MAX_BUTTONS)


def share_with(person_id: str | None, request: gr.Request) -> tuple[Any, Any]:
    """Share with the chosen colleague at once."""
    if not person_id:
        return gr.skip(), gr.skip()
    _share(user_of(request), wanted_id(query_of(request)), person_id)
    return reload(), gr.update(value=None)


def change(request: gr.Request, event: gr.EventData) -> Any:
    """Share with a colleague, or stop that."""
    user_id, run_id, person_id = user_of(request), wanted_id(query_of(request)), str(event.value)
    if event.name == "share":
        _share(user_id, run_id, person_id)
    else:
        run_grants.unshare(user_id, run_id, person_id)
        gr.Success(_("No longer shared."))
    return reload()


def describe_viewers(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """Who sees the run, and everybody else as a button that shares it."""
    try:
        found = run_grants.viewers(user_id, wanted_id(query))
    except StudioError:
        return []
    nodes: list[Node] = [el("h2", _("Share this run"))]
    if not found.may_share:
        return [*nodes, el("p", _may_not(found), cls="muted")]
    words = _(
        "A colleague sees its curves, scores and answers on test rows, compares and tries it, and can change nothing. They are not "
        "shown your data set or other runs."
    )
    others = _others(user_id, query.get("id", ""))
    nodes += [el("p", words, cls="muted"), _buttons(others), _seen_by(found)]
    links = [
        el(
            "a", _("Invite to the whole project"), href=f"/projects?{urlencode({'id': found.project_id})}", cls="button"
        ),
        el(
            "a",
            _("Link for people without an account"),
            href=f"/compare?{urlencode({'runs': query.get('id', '')})}",
            cls="button",
        ),
    ]
    return [*nodes, el("div", links, cls="actions")]


def _may_not(found: RunViewers) -> str:
    if not found.project:
        return _("This run was shared with you alone; ask whoever shared it to share it with others.")
    return _("You are a viewer of “{project}”; editors and owners share its runs.", project=found.project)


def _buttons(others: list[Colleague]) -> Node:
    if not others:
        return el("p", _("Everybody with an account here sees this run."), cls="muted")
    if len(others) > MAX_BUTTONS:
        return ""
    return el("div", [action(one.name, "share", one.id, data_person=one.id) for one in others], cls="actions")


def _seen_by(found: RunViewers) -> Node:
    lines = [
        el("li", el("span", one.name), action(_("Stop sharing"), "stop", one.id, look="small stop"), data_person=one.id)
        for one in found.people
    ]
    if found.members:
        names = ", ".join(member.name for member in found.members)
        lines.append(el("li", _("Members of “{project}”: {names}", project=found.project, names=names)))
    if not lines:
        return ""
    return el("div", el("h3", _("Seen by")), el("ul", lines, cls="share-items"))


def _others(user_id: str, run_id: str) -> list[Colleague]:
    """Colleagues who do not see the run yet."""
    found = run_grants.viewers(user_id, run_id)
    seen = {one.id for one in (*found.members, *found.people)}
    return [one for one in projects.list_colleagues(user_id) if one.id not in seen]


def _share(user_id: str, run_id: str, person_id: str) -> None:
    shared = run_grants.share(user_id, run_id, person_id)
    name = next((one.name for one in (*shared.people, *shared.members) if one.id == person_id), "")
    gr.Success(_("{name} sees this run now, on their page Runs.", name=name))
