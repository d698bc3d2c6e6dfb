"""Imports of data from other machines: asked for by a person, fetched by a light worker, then checked like any upload.

The work is a check (:mod:`app.services.datasets.checks`) of the kind ``fetched``, so that pages and programs watch, stop and repeat
it in the same way. What has arrived is staged; if it can be read in several ways, it waits there with its question.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import disk_space, files
from app.catalog.dataset_source import DatasetSource
from app.catalog.task_types import task_type as find_task_type
from app.db import snapshot, transaction
from app.errors import Conflict
from app.languages.statements import stated
from app.models import CANCELLED, Job, User
from app.services.accounts import limits, names
from app.services.accounts.accounts import ADMINISTRATORS
from app.services.accounts.audit_chain import record
from app.services.accounts.projects import project_for_new
from app.services.datasets import address_files, checks, hub_listing, imports
from app.services.datasets.dataset_jobs import FETCHED, DatasetJob
from app.services.datasets.hub_listing import HubRequest
from app.services.queue.jobs import Claim

REQUEST_FILE = "job.json"
ROWS_FILE, TEST_FILE = "rows.parquet", "test.parquet"


def import_from_hub(user_id: str, request: HubRequest, attributes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Queue the import of a split of a data set; returns what :func:`checks.status` returns.

    Args:
        attributes: ``name``, ``task_type``, ``columns`` and ``answer``, as for an upload.

    Raises:
        Rejected: the id or a name cannot be one.
    """
    cleaned = hub_listing.clean_request(request)
    return _start(user_id, {"kind": "hub", **asdict(cleaned)}, attributes or {})


def import_from_address(user_id: str, address: str, attributes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Queue the import of a file at an ``https`` address; returns what :func:`checks.status` returns.

    Raises:
        NotAllowed: an administrator does not allow addresses, or not this one.
        Rejected: it is no address of a file.
    """
    cleaned = address_files.check_address(address)
    return _start(user_id, {"kind": "address", "address": cleaned}, attributes or {})


def prepare(claim: Claim, folder: Path) -> bool:
    """Write the request for the process that fetches; returns whether it may use the hub's token.

    The token opens what its owner may see, so it serves administrators only.

    Raises:
        DiskFull: there is no room.
        Conflict: of the address only a part is known still.
    """
    disk_space.check_room()
    user_id, work = checks.work_of(claim.job_id)
    if work.said["source"].get("shortened"):
        raise Conflict(
            "address_shortened",
            stated("The address was kept without its query, which may open the file."),
            stated("Import it once more with the whole address."),
        )
    files.write_json(folder / REQUEST_FILE, work.said["source"])
    with snapshot() as session:
        return session.get_one(User, user_id).role in ADMINISTRATORS


def is_fetched(claim: Claim) -> bool:
    """Whether an earlier attempt has staged the rows, and they are still there."""
    user_id, work = checks.work_of(claim.job_id)
    staged = work.said.get("staged") or ""
    return bool(staged) and any(path.name == f"{imports.STAGED_PREFIX}{staged}" for path in imports.staged_of(user_id))


def stage(claim: Claim, folder: Path, result: Mapping[str, Any]) -> None:
    """Stage what was fetched, with its source.

    Raises:
        Conflict: the person or the project would take more of the disk than they may.
    """
    user_id, work = checks.work_of(claim.job_id)
    source = DatasetSource(**result["source"])
    rows, test = folder / result["file"], folder / TEST_FILE
    evaluation = (test, str(result["test_name"])) if test.exists() else None
    limits.check_person_storage(user_id, sum(path.stat().st_size for path in (rows, test) if path.exists()))
    name = names.clean_name(str(result["name"]))
    project_id = work.said.get("project_id")
    staged = imports.stage(user_id, rows, name, evaluation, source.as_dict(), project_id)
    # From here on without the query of an address, which may open the file to whoever reads it.
    shown = _without_query(work.said["source"], source.address) if source.address else work.said["source"]
    checks.note_staged(claim, staged, shown)


def discard_if_stopped(claim: Claim) -> None:
    """Remove what was staged for a job that its owner stopped; nothing is kept then."""
    user_id, work = checks.work_of(claim.job_id)
    with snapshot() as session:
        stopped = session.get_one(Job, claim.job_id).state == CANCELLED
    if stopped and is_fetched(claim):
        imports.remove_staged(user_id, work.said["staged"])


def _without_query(asked: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The source of a file at an address as it is kept; marked where that leads elsewhere than what was asked for."""
    is_shortened = bool(asked.get("shortened")) or "?" in asked["address"]
    return {"kind": "address", "address": address, **({"shortened": True} if is_shortened else {})}


def _start(user_id: str, source: dict[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    if attributes.get("task_type"):
        find_task_type(attributes["task_type"])
    limits.check_storage(user_id, 0)
    given = {name: attributes.get(name) for name in ("name", "task_type", "columns", "answer")}
    said = {"source": source, "staged": "", "project_id": project_for_new(user_id), **given}
    check = checks.start(user_id, DatasetJob(FETCHED, "", said))
    shown = {**source, "address": address_files.shown_address(source["address"])} if "address" in source else source
    with transaction() as session:
        record(session, user_id, "fetch", "check", check["id"], data={"source": shown})
    return check
