"""Routes for projects: members and their roles, runs shared with one person, and moving data between projects."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import Body, NameBody, ObjectId
from app.services.accounts import limits, projects
from app.services.datasets import datasets
from app.services.runs import dataset_moves, run_grants

router = APIRouter(prefix="/api/v1", tags=["projects"])


class MemberBody(Body):
    """What a member may do: viewers look, compare and try, editors also change and train, owners also delete and invite."""

    role: Literal["viewer", "editor", "owner"] = "viewer"


class ProjectBody(Body):
    """A project by its id."""

    project_id: ObjectId


class ProjectChoiceBody(Body):
    """The project to work in; null for all."""

    project_id: ObjectId | None


@router.get("/projects")
def list_projects(user_id: UserId) -> dict[str, Any]:
    """The projects of which one is a member; ``chosen`` is the one that uploads go to, null for one's own."""
    found = [asdict(project) for project in projects.list_projects(user_id)]
    return {"projects": found, "chosen": projects.chosen(user_id) or None}


@router.post("/projects", status_code=201)
def create_project(user_id: UserId, body: NameBody) -> dict[str, Any]:
    """A new project, of which one is owner."""
    return projects.create(user_id, body.name).as_dict()


@router.put("/projects/chosen")
def choose_project(user_id: UserId, body: ProjectChoiceBody) -> dict[str, Any]:
    """Work in a project from now on: pages list what is in it, and uploads that name none go there."""
    projects.choose(user_id, body.project_id or "")
    return list_projects(user_id)


@router.get("/projects/{project_id}")
def read_project(user_id: UserId, project_id: ObjectId) -> dict[str, Any]:
    """One project with its members and what it uses of its limits."""
    found = projects.read(user_id, project_id).as_dict()
    return {**found, "usage": asdict(limits.project_usage(project_id))}


@router.patch("/projects/{project_id}")
def rename_project(user_id: UserId, project_id: ObjectId, body: NameBody) -> dict[str, Any]:
    """Give a project another name; for its owners."""
    return projects.rename(user_id, project_id, body.name).as_dict()


@router.delete("/projects/{project_id}", status_code=204)
def delete_project(user_id: UserId, project_id: ObjectId) -> None:
    """Delete an empty project; for its owners."""
    projects.remove(user_id, project_id)


@router.put("/projects/{project_id}/members/{person_id}")
def invite(user_id: UserId, project_id: ObjectId, person_id: ObjectId, body: MemberBody) -> dict[str, Any]:
    """Make somebody a member, or change their role; for owners."""
    return projects.invite(user_id, project_id, person_id, body.role).as_dict()


@router.delete("/projects/{project_id}/members/{person_id}", status_code=204)
def dismiss(user_id: UserId, project_id: ObjectId, person_id: ObjectId) -> None:
    """Take a member out; for owners, and for everybody to leave."""
    projects.dismiss(user_id, project_id, person_id)


@router.get("/colleagues")
def list_colleagues(user_id: UserId) -> dict[str, Any]:
    """Everybody else with an enabled account, to invite or to share with."""
    return {"colleagues": [asdict(colleague) for colleague in projects.list_colleagues(user_id)]}


@router.post("/datasets/{dataset_id}/move")
def move_dataset(user_id: UserId, dataset_id: ObjectId, body: ProjectBody) -> dict[str, Any]:
    """Move a data set into another project, with the runs and experiments that learned from it."""
    return datasets.as_dict(dataset_moves.move(user_id, dataset_id, body.project_id))


@router.get("/runs/{run_id}/people")
def list_viewers(user_id: UserId, run_id: ObjectId) -> dict[str, Any]:
    """Who else sees a run: ``members`` of its project, and ``people`` with whom it alone is shared."""
    return asdict(run_grants.viewers(user_id, run_id))


@router.put("/runs/{run_id}/people/{person_id}")
def share_run(user_id: UserId, run_id: ObjectId, person_id: ObjectId) -> dict[str, Any]:
    """Share one run with one person, who may look at it, compare and try it."""
    return asdict(run_grants.share(user_id, run_id, person_id))


@router.delete("/runs/{run_id}/people/{person_id}", status_code=204)
def unshare_run(user_id: UserId, run_id: ObjectId, person_id: ObjectId) -> None:
    """Stop sharing a run with a person."""
    run_grants.unshare(user_id, run_id, person_id)
