"""Projects as the command line names them: by name or id, for a person by name."""

from app.errors import NotFound, Rejected
from app.services.accounts import projects
from app.services.accounts.projects import ProjectDetails
from studio.people import find_user


def describe(user_name: str) -> list[str]:
    """A line for each project of a person: name, id, members with their roles, and what is in it."""
    user_id = find_user(user_name).id
    return [_line(projects.read(user_id, project.id)) for project in projects.list_projects(user_id)]


def create(user_name: str, name: str) -> str:
    """Make a project; returns its line."""
    return _line(projects.create(find_user(user_name).id, name))


def invite(user_name: str, name: str, person_name: str, role: str) -> str:
    """Make somebody a member; returns the project's line."""
    user_id, person_id = find_user(user_name).id, find_user(person_name).id
    return _line(projects.invite(user_id, find_project(user_id, name), person_id, role))


def dismiss(user_name: str, name: str, person_name: str) -> str:
    """Take a member out; returns the project's line."""
    user_id, person_id = find_user(user_name).id, find_user(person_name).id
    project_id = find_project(user_id, name)
    projects.dismiss(user_id, project_id, person_id)
    return _line(projects.read(user_id, project_id))


def find_project(user_id: str, name: str) -> str:
    """The id of a person's project by its name or id.

    Raises:
        NotFound: none of theirs is called that.
        Rejected: more than one is.
    """
    known = projects.list_projects(user_id)
    found = [project.id for project in known if name in (project.id, project.name)]
    if not found:
        names = ", ".join(project.name for project in known)
        raise NotFound("project_not_found", f"There is no project called {name!r}.", f"Projects: {names}.")
    if len(found) > 1:
        raise Rejected("ambiguous", f"{len(found)} projects are called {name!r}.", f"Give an id: {', '.join(found)}.")
    return found[0]


def _line(project: ProjectDetails) -> str:
    members = ", ".join(f"{member.name} ({member.role})" for member in project.people)
    return f"{project.name}\t{project.id}\t{members}\t{project.datasets} data sets\t{project.runs} runs"
