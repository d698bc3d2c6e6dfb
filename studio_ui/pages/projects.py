"""Projects: who works together on which data and runs; making one, inviting colleagues, roles, and moving data in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from app.errors import NotFound
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import limits, people, projects, quotas
from app.services.accounts.access import EDITOR, OWNER, ROLES, VIEWER
from app.services.accounts.projects import ProjectDetails, ProjectMembership, ProjectSummary
from app.services.datasets import datasets
from app.services.runs import dataset_moves
from studio_ui.components.nodes import Node, action, banner, chooser, el, facts, form, table
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View, reload
from studio_ui.formats import count, counted
from studio_ui.pages.page import Page
from studio_ui.quota_form import QUOTA, bounds_words, quota_button, quota_form, read_bounds
from studio_ui.quota_words import usage_facts
from studio_ui.session import listen, query_of, user_of

PURPOSE = gettext_noop("Data and runs that you share with colleagues, and who may look, train or delete there.")
ROLE_WORDS = {VIEWER: gettext_noop("Viewer"), EDITOR: gettext_noop("Editor"), OWNER: gettext_noop("Owner")}
ROLE_FACTS = {
    VIEWER: gettext_noop("look, compare and try models"),
    EDITOR: gettext_noop("also add and change data, and train"),
    OWNER: gettext_noop("also delete, invite and move data"),
}
GO = "(address) => { if (address) setTimeout(() => location.assign(address)); }"


def build(blocks: gr.Blocks) -> None:
    """The list with a form that makes a project; or one project with its members."""
    with gr.Column(elem_id="projects-page"):
        shown = View(describe_projects, elem_id="projects", min_height=160)
        address = PageState("")
        with gr.Column(scale=0, visible=False, elem_classes="card", elem_id="project-make") as making:
            View(value={"nodes": el("h2", _("New project"))}, lines=1)
            with gr.Row(equal_height=True):
                name = gr.Textbox(label=_("Name"), max_length=200, elem_id="project-name")
                make = gr.Button(_("Make a project"), variant="primary", elem_id="project-create")
        with gr.Column(scale=0, visible=False, elem_classes="card", elem_id="project-invite") as inviting:
            View(invite_words, lines=1)
            with gr.Row(equal_height=True):
                person = gr.Dropdown([], label=_("Colleague"), elem_id="project-person")
                role = gr.Dropdown(
                    [(f"{_(words)}: {_(ROLE_FACTS[role])}", role) for role, words in ROLE_WORDS.items()],
                    value=VIEWER,
                    label=_("Role"),
                    elem_id="project-role",
                )
                invite_button = gr.Button(_("Invite"), variant="primary", elem_id="project-invite-start")
        with gr.Column(visible=False, elem_classes="card", elem_id="project-move") as moving:
            View(value={"nodes": el("h2", _("Move data here"))}, lines=1)
            with gr.Row(equal_height=True):
                dataset = gr.Dropdown(
                    [],
                    label=_("Data set"),
                    info=_("With the runs and experiments that learned from it; the members here see it from then on."),
                    elem_id="project-dataset",
                )
                move_button = gr.Button(_("Move"), elem_id="project-move-start")
    listen(blocks.load, open_page, None, [making, inviting, person, moving, dataset], queued=False)
    for event in (make.click, name.submit):
        listen(listen(event, create, name, address).success, None, address, None, js=GO)
    listen(invite_button.click, invite, [person, role], [person, shown])
    listen(move_button.click, move, dataset, [dataset, moving, shown])
    limited = View(describe_quotas, elem_id="project-quotas", lines=0)
    listen(limited.action, keep_quota, None, [limited, shown])
    acted = listen(shown.action, change, None, [shown, person, address])
    listen(acted.success, None, address, None, js=GO)


def open_page(request: gr.Request) -> tuple[Any, ...]:
    """Which forms the page has, and what can be chosen in them."""
    user_id, project_id = user_of(request), query_of(request).get("id", "")
    try:
        project = projects.read(user_id, project_id) if project_id else None
    except NotFound:
        # Shown by the view.
        return (gr.update(visible=False),) * 5
    if project is None:
        return gr.update(visible=True), gr.update(), gr.update(), gr.update(), gr.update()
    movable = _movable(user_id, project)
    return (
        gr.update(),
        gr.update(visible=project.role == OWNER),
        _people_to_invite(user_id, project),
        gr.update(visible=bool(movable)),
        gr.update(choices=movable, value=None),
    )


def create(name: str, request: gr.Request) -> str:
    """Make a project; its address."""
    return _address(projects.create(user_of(request), name).id)


def invite(person_id: str | None, role: str, request: gr.Request) -> tuple[Any, Any]:
    """Make a colleague a member."""
    user_id, project_id = user_of(request), query_of(request).get("id", "")
    if not person_id:
        gr.Warning(_("Choose a colleague first."))
        return gr.skip(), gr.skip()
    project = projects.invite(user_id, project_id, person_id, role)
    invited = next(member.name for member in project.people if member.user_id == person_id)
    gr.Success(_("{name} is in the project now.", name=invited))
    return _people_to_invite(user_id, project), reload()


def move(dataset_id: str | None, request: gr.Request) -> tuple[Any, Any, Any]:
    """Move a data set of another project here."""
    user_id, project_id = user_of(request), query_of(request).get("id", "")
    if not dataset_id:
        gr.Warning(_("Choose a data set first."))
        return gr.skip(), gr.skip(), gr.skip()
    moved = dataset_moves.move(user_id, dataset_id, project_id)
    gr.Success(_("“{dataset}” is in this project now.", dataset=moved.name))
    movable = _movable(user_id, projects.read(user_id, project_id))
    return gr.update(choices=movable, value=None), gr.update(visible=bool(movable)), reload()


def change(request: gr.Request, event: gr.EventData) -> tuple[Any, Any, str]:
    """What a button of the list or of a member does."""
    user_id, project_id = user_of(request), query_of(request).get("id", "")
    if event.name == "choose":
        projects.choose(user_id, str(event.value))
        return gr.skip(), gr.skip(), "/datasets"
    if event.name == "rename":
        projects.rename(user_id, project_id, str(event.value["name"]))
        gr.Success(_("Name saved."))
    elif event.name == "delete":
        projects.remove(user_id, project_id)
        return gr.skip(), gr.skip(), "/projects"
    elif event.name == "role":
        person_id, role = event.value
        projects.invite(user_id, project_id, str(person_id), str(role))
        gr.Success(_("Role changed."))
    else:
        projects.dismiss(user_id, project_id, str(event.value))
        if event.value == user_id:
            return gr.skip(), gr.skip(), "/projects"
        gr.Success(_("Taken out of the project."))
    return reload(), _people_to_invite(user_id, projects.read(user_id, project_id)), ""


def keep_quota(request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
    """Store the limits of a project."""
    values = dict(event.value)
    quotas.set_project_quota(user_of(request), str(values["holder"]), read_bounds(values))
    gr.Success(_("Saved."))
    return reload(), reload()


def describe_quotas(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """The limits of all projects, for administrators; nothing for anybody else, and on the page of one project."""
    if query.get("id") or not people.is_administrator(user_id):
        return []
    found = quotas.list_project_quotas(user_id)
    heads = [(_("Project"), ""), (_("Owners"), ""), (_("Quota"), ""), ("", "")]
    rows: list[list[Node]] = [
        [item.name, ", ".join(item.owners), bounds_words(item.bounds), quota_button(item.id, item.name)]
        for item in found
    ]
    listed = table(_("Quotas"), heads, rows, id_="quotas-table", row_ids=[item.id for item in found])
    words = _("As an administrator you limit what all members of a project use together; you see nothing inside it.")
    opened = quota_form(quotas.project_quota(user_id, query[QUOTA])) if query.get(QUOTA) else ""
    return [el("h2", _("Quotas of projects")), el("p", words, cls="muted"), listed, opened]


def invite_words(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """What an invitation to a project shows."""
    try:
        project = projects.read(user_id, query.get("id", ""))
    except NotFound:
        return []
    words = _(
        "They see everything in this project from then on: {datasets}, {runs}, and conversations with its models.",
        datasets=counted(project.datasets, "data set"),
        runs=counted(project.runs, "run"),
    )
    return [el("h2", _("Invite a colleague")), el("p", words, cls="muted")]


def describe_projects(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """All projects, or the one that the address names."""
    if project_id := query.get("id"):
        try:
            return _project(user_id, projects.read(user_id, project_id))
        except NotFound as error:
            back = el("p", el("a", _("All projects"), cls="button", href="/projects"))
            return [banner("error", error.message, error.hint, error.code), back]
    found = projects.list_projects(user_id)
    chosen = projects.chosen(user_id)
    heads = [
        (_("Project"), ""),
        (_("Your role"), ""),
        (_("Members"), "number"),
        (_("Data sets"), "number"),
        (_("Runs"), "number"),
        ("", ""),
    ]
    rows = [_line(project, chosen) for project in found]
    return [table(_("Projects"), heads, rows, id_="projects-table", row_ids=[project.id for project in found])]


def _line(project: ProjectSummary, chosen: str) -> list[Node]:
    here = project.id == chosen
    work = el("span", _("chosen"), cls="muted") if here else action(_("Work here"), "choose", project.id, look="small")
    members = el("a", _("Members"), href=_address(project.id), cls="button small")
    return [
        el("a", project.name, href=_address(project.id)),
        _(ROLE_WORDS[project.role]),
        count(project.members),
        count(project.datasets),
        count(project.runs),
        el("div", members, work, cls="actions"),
    ]


def _project(user_id: str, project: ProjectDetails) -> list[Node]:
    may = project.role == OWNER
    heads = [(_("Member"), ""), (_("Role"), ""), (_("May"), ""), ("", "")]
    rows = [_member(user_id, member, may=may) for member in project.people]
    words = _(
        "{datasets} and {runs}. You are {role} here.",
        datasets=counted(project.datasets, "data set"),
        runs=counted(project.runs, "run"),
        role=_(ROLE_WORDS[project.role]),
    )
    buttons = [
        el("a", _("All projects"), href="/projects", cls="button"),
        action(_("Show its data"), "choose", project.id),
        _delete(project) if may and not project.is_home else "",
    ]
    return [
        el("h2", project.name, id="project-title"),
        el("p", words, cls="muted"),
        facts(usage_facts(limits.project_usage(project.id))),
        _rename(project) if may else "",
        table(_("Members"), heads, rows, id_="members-table", row_ids=[member.user_id for member in project.people]),
        el("div", buttons, cls="actions"),
    ]


def _member(user_id: str, member: ProjectMembership, *, may: bool) -> list[Node]:
    is_self = member.user_id == user_id
    options = [(role, _(ROLE_WORDS[role])) for role in ROLES]
    label = _("Role of {name}", name=member.name)
    role: Node = (
        chooser(label, "role", member.user_id, options, member.role)
        if may and not member.is_home
        else _(ROLE_WORDS[member.role])
    )
    return [
        el("span", member.name, el("span", _(" (you)"), cls="muted") if is_self else None),
        role,
        _(ROLE_FACTS[member.role]),
        _take_out(member, is_self=is_self) if (may or is_self) and not member.is_home else "",
    ]


def _take_out(member: ProjectMembership, *, is_self: bool) -> Node:
    if is_self:
        leave = (_("Leave this project?"), _("What you made stays in it, and you no longer see it."), _("Leave"))
        return action(_("Leave"), "dismiss", member.user_id, look="small stop", confirm=leave)
    out = (
        _("Take {name} out of the project?", name=member.name),
        _("What they made stays in it, and they no longer see it."),
        _("Take out"),
    )
    return action(_("Take out"), "dismiss", member.user_id, look="small stop", confirm=out)


def _rename(project: ProjectDetails) -> Node:
    field = el(
        "input", type="text", name="name", value=project.name, maxlength=200, aria_label=_("Name of the project")
    )
    return form("rename", [field, el("button", _("Rename"), cls="button", type="submit")], cls="actions")


def _delete(project: ProjectDetails) -> Node:
    sure = (
        _("Delete the project “{project}”?", project=project.name),
        _("Only an empty project can be deleted: move or delete its data first."),
        _("Delete"),
    )
    return action(_("Delete project"), "delete", project.id, look="stop", confirm=sure)


def _people_to_invite(user_id: str, project: ProjectDetails) -> Any:
    inside = {member.user_id for member in project.people}
    outside = [one for one in projects.list_colleagues(user_id) if one.id not in inside]
    return gr.update(choices=[(one.name, one.id) for one in outside], value=None)


def _movable(user_id: str, project: ProjectDetails) -> list[tuple[str, str]]:
    """Data sets of other projects that the person owns, where they may add data to this one."""
    if project.role == VIEWER:
        return []
    owned = {other.id: other.name for other in projects.list_projects(user_id) if other.role == OWNER}
    owned.pop(project.id, None)
    return [
        (f"{dataset.name} ({owned[dataset.project_id]})", dataset.id)
        for dataset in datasets.list_datasets(user_id)
        if dataset.project_id in owned
    ]


def _address(project_id: str) -> str:
    return f"/projects?{urlencode({'id': project_id})}"


PROJECTS = Page(path="/projects", title="Projects", nav_under="/account", purpose=PURPOSE, build=build)
