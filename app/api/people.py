"""Routes for administrators: people, and the audit trail."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from app.api.deps import UserId
from app.api.schemas import Body, ObjectId
from app.services.accounts import audit, people, quotas
from app.services.accounts.quotas import MAXIMA, QuotaBounds
from app.services.operations import person_removal

router = APIRouter(prefix="/api/v1", tags=["people"])
Role = Literal["member", "admin"]


class InviteBody(Body):
    """Who is to join, and as what."""

    name: str = Field(min_length=1, max_length=200)
    role: Role = "member"


class PersonBody(Body):
    """What changes; what is left out stays."""

    role: Role | None = None
    active: bool | None = None


class QuotaBody(Body):
    """The most that may be used: null for the studio's setting (no limit for projects), 0 for no limit."""

    max_runs: int | None = Field(None, ge=0, le=MAXIMA["max_runs"], description="Runs waiting or working.")
    max_hours: float | None = Field(None, ge=0, le=MAXIMA["max_hours"], description="GPU hours in seven days.")
    max_bytes: int | None = Field(
        None, ge=0, le=MAXIMA["max_bytes"], description="Bytes of data, checkpoints and downloads."
    )


@router.get("/people")
def list_people(user_id: UserId) -> dict[str, Any]:
    """Everybody, in the order of joining."""
    return {"people": [asdict(person) for person in people.list_people(user_id)]}


@router.post("/people", status_code=201)
def invite(user_id: UserId, body: InviteBody) -> dict[str, Any]:
    """Add a person; ``path`` of the answer, after the studio's address, is their sign-in link and is shown once."""
    person, token = people.invite(user_id, body.name, body.role)
    return {**asdict(person), "path": sign_in_path(token)}


@router.patch("/people/{person_id}")
def change(user_id: UserId, person_id: ObjectId, body: PersonBody) -> dict[str, Any]:
    """Change the role, disable or enable; disabling ends sessions and tokens at once."""
    return asdict(people.change_person(user_id, person_id, role=body.role, active=body.active))


@router.delete("/people/{person_id}")
def delete(user_id: UserId, person_id: ObjectId, name: Annotated[str, Query(max_length=200)]) -> dict[str, Any]:
    """Delete a disabled person with everything of theirs; ``name`` is theirs, typed again."""
    return asdict(person_removal.remove_person(user_id, person_id, name))


@router.put("/people/{person_id}/quota")
def set_person_quota(user_id: UserId, person_id: ObjectId, body: QuotaBody) -> dict[str, Any]:
    """Give a person limits of their own; answers with what they use of them."""
    return asdict(quotas.set_person_quota(user_id, person_id, QuotaBounds(**body.model_dump())))


@router.put("/projects/{project_id}/quota")
def set_project_quota(user_id: UserId, project_id: ObjectId, body: QuotaBody) -> dict[str, Any]:
    """Give a project limits for all its members together; answers with what it uses of them."""
    return asdict(quotas.set_project_quota(user_id, project_id, QuotaBounds(**body.model_dump())))


@router.post("/people/{person_id}/link", status_code=201)
def create_link(user_id: UserId, person_id: ObjectId) -> dict[str, str]:
    """Another sign-in link; unused ones stop working."""
    return {"path": sign_in_path(people.create_link(user_id, person_id))}


@router.post("/people/{person_id}/sign-out", status_code=204)
def sign_out_everywhere(user_id: UserId, person_id: ObjectId) -> None:
    """End all sessions, unused links and tokens of a person."""
    people.sign_out_everywhere(user_id, person_id)


@router.post("/people/{person_id}/reset-password", status_code=201)
def reset_password(user_id: UserId, person_id: ObjectId) -> dict[str, str]:
    """Forget the password, end sessions and tokens; the link of the answer lets the person in to set another."""
    return {"path": sign_in_path(people.reset_password(user_id, person_id))}


@router.post("/people/{person_id}/reset-second-factor", status_code=204)
def reset_second_factor(user_id: UserId, person_id: ObjectId) -> None:
    """Forget authenticator and recovery codes of somebody who has lost both."""
    people.reset_second_factor(user_id, person_id)


@router.get("/audit")
def list_entries(
    user_id: UserId,
    before: Annotated[str, Query(max_length=100)] = "",
    person: Annotated[str, Query(max_length=36)] = "",
    action: Annotated[str, Query(max_length=60)] = "",
    limit: Annotated[int, Query(ge=1, le=audit.MAX_ENTRIES)] = 100,
) -> dict[str, Any]:
    """Who did what to which object, the newest first; ``before`` of an answer leads on to older entries."""
    return asdict(audit.list_entries(user_id, before=before, user_id=person, action=action, limit=limit))


@router.get("/audit/chain")
def check_chain(user_id: UserId) -> dict[str, Any]:
    """Whether no entry was changed, removed or inserted; ``broken`` is the number of the first that does not fit."""
    return asdict(audit.check(user_id))


@router.get("/audit.jsonl")
def export(user_id: UserId) -> StreamingResponse:
    """The whole trail as JSON lines, the oldest entry first."""
    named = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(audit.export_lines(user_id), media_type="application/x-ndjson", headers=named)


def sign_in_path(token: str) -> str:
    """Where a one-time token is redeemed, below the studio's address."""
    return f"/sign-in?token={token}"
