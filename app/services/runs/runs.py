"""The life of a run as people see it: submit, list, cancel, resume, clone. Jobs carry it out; metrics have their own room."""

from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog.base_models import BaseModelCard
from app.catalog.base_models import base_model as base_model_card
from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import require
from app.catalog.spec import RunSpec, check_fit
from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import with_defaults
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import ACTIVE_STATES, CANCELLED, DIVERGED, FAILED, QUEUED, Dataset, DatasetVersion, Job, Run
from app.services.accounts import limits, names
from app.services.accounts.accounts import record
from app.services.datasets import datasets
from app.services.datasets.row_errors import decided
from app.services.estimates import estimates
from app.services.queue import jobs, placement, queue_order

TRAIN = "train"


def submit(
    user_id: str,
    *,
    dataset_id: str,
    base_model: str,
    task_type: str,
    method: dict[str, Any],
    columns: dict[str, str] | None = None,
    training: dict[str, Any] | None = None,
    name: str = "",
    idempotency_key: str | None = None,
    leave_out_errors: bool = False,
) -> Run:
    """Queue a run: spec, run and job are written together, then a worker is notified.

    The same ``idempotency_key`` from the same person returns the run that the first call made.

    Args:
        leave_out_errors: leave out rows that cannot be used, as a new version of the data, instead of refusing it.

    Raises:
        Rejected: an unknown model, method, task or setting, or a value out of bounds; ``details.fields`` names it.
        Conflict: ``rows_undecided``, rows of the data must be fixed or left out first.
        NotFound: the dataset is not theirs.
    """
    if idempotency_key and (earlier := _by_key(user_id, idempotency_key)):
        return earlier
    version = decided(user_id, _version_for(user_id, dataset_id, task_type, columns), leave_out_errors)
    spec = make_spec(version, base_model=base_model, task_type=task_type, method=method, training=training or {})
    placement.check_devices(spec.training.devices)
    try:
        with transaction() as session:
            run = add(session, user_id, version, spec, name=name, idempotency_key=idempotency_key)
    except IntegrityError:
        if idempotency_key and (earlier := _by_key(user_id, idempotency_key)):
            return earlier
        raise
    record(user_id, "submit", "run", run.id)
    return get_run(user_id, run.id)


def add(
    session: Session,
    user_id: str,
    version: DatasetVersion,
    spec: RunSpec,
    *,
    name: str = "",
    idempotency_key: str | None = None,
    experiment_id: str | None = None,
) -> Run:
    """Write a queued run with its job in the caller's transaction; a worker is notified after the commit."""
    limits.check_room(session, user_id)
    dataset = session.get_one(Dataset, version.dataset_id)
    job = jobs.add(
        session,
        owner_id=user_id,
        kind=TRAIN,
        idempotency_key=idempotency_key,
        # What is made of other runs is not trained.
        devices=1 if spec.origin else spec.training.devices,
        memory_bytes=estimates.memory_needed(spec, version),
    )
    session.flush()
    run = Run(
        project_id=dataset.project_id,
        owner_id=user_id,
        dataset_version_id=version.id,
        job_id=job.id,
        name=name.strip()[:200] or _default_name(session, user_id, spec, dataset.name),
        task_type=spec.task_type,
        base_model=spec.base_model,
        method=spec.method.kind,
        spec=spec.model_dump(mode="json"),
        experiment_id=experiment_id,
    )
    session.add(run)
    session.flush()
    return run


def make_spec(
    version: DatasetVersion, *, base_model: str, task_type: str, method: dict[str, Any], training: dict[str, Any]
) -> RunSpec:
    """The validated, frozen description of a run on this dataset version."""
    card = base_model_card(base_model)
    task = find_task_type(task_type)
    if task_type not in card.task_types:
        raise Rejected(
            "task_not_supported",
            f"{base_model!r} cannot be tuned for {task_type!r}.",
            "Choose one of its tasks: " + ", ".join(card.task_types) + ".",
        )
    kind = str(method.get("kind", ""))
    if task_type not in method_class(kind).task_types:
        fitting = [each.model_fields["kind"].default for each in METHODS if task_type in each.task_types]
        raise Rejected(
            "method_not_supported",
            f"The method {kind!r} does not serve {task_type!r}.",
            "Choose one of: " + ", ".join(fitting) + ".",
        )
    if "layers" in method:
        require(method_class(kind), "layers", task_type=task_type, field="method.layers")
    try:
        spec = RunSpec.model_validate(
            {
                "task_type": task_type,
                "base_model": base_model,
                "columns": version.columns,
                "labels": sorted(version.labels),
                "method": method,
                "training": with_defaults(training, task.training_defaults, room_for_text(card, method)),
                "dataset_sha256": version.content_sha256,
            }
        )
    except ValidationError as error:
        raise _invalid(error) from None
    check_fit(spec, card)
    return spec


def room_for_text(card: BaseModelCard, method: dict[str, Any]) -> int:
    """The longest text in tokens that the model reads beside what the method puts before it."""
    try:
        return card.context_length - method_class(str(method.get("kind", ""))).model_validate(method).virtual_tokens
    except ValidationError:
        # Told together with whatever else is wrong with the settings.
        return card.context_length


def list_runs(user_id: str, *, include_archived: bool = False) -> list[Run]:
    """The person's runs, newest first."""
    query = select(Run).where(Run.owner_id == user_id).order_by(Run.created_at.desc())
    if not include_archived:
        query = query.where(Run.archived.is_(False))
    with snapshot() as session:
        return list(session.scalars(query))


def get_run(user_id: str, run_id: str) -> Run:
    """One run of this person, with its job and dataset version loaded."""
    with snapshot() as session:
        return find(session, user_id, run_id)


def find(session: Session, user_id: str, run_id: str) -> Run:
    """The run inside the caller's transaction; somebody else's run looks like a missing one."""
    run = session.scalar(select(Run).where(Run.id == run_id, Run.owner_id == user_id))
    if run is None:
        raise NotFound("run_not_found", f"There is no run {run_id!r} among yours.", "Open it from the Runs page.")
    return run


def request_cancel(user_id: str, run_id: str) -> Run:
    """Ask for a stop; the last checkpoint is kept."""
    with transaction() as session:
        run = find(session, user_id, run_id)
        jobs.request_cancel(session, run.job)
    record(user_id, "cancel", "run", run_id)
    return get_run(user_id, run_id)


def resume(user_id: str, run_id: str) -> Run:
    """Let a paused run go on, or continue a stopped or failed one from its last checkpoint with a new job."""
    with transaction() as session:
        run = find(session, user_id, run_id)
        if run.job.paused_at is not None and run.job.state == QUEUED:
            jobs.unpause(session, run.job)
        elif run.job.state in (FAILED, CANCELLED, DIVERGED):
            again(session, run)
        else:
            raise Conflict(
                "not_resumable",
                f"This run is {run.job.state}; only paused, stopped or failed runs can be resumed.",
                "Wait until it has ended, or clone it to start another.",
            )
    record(user_id, "resume", "run", run_id)
    return get_run(user_id, run_id)


def again(session: Session, run: Run) -> None:
    """Give an ended run a new job, which goes on from the newest checkpoint."""
    limits.check_room(session, run.owner_id)
    # The fence goes on from the old job, so that attempt folders never get the same name twice.
    old = run.job
    job = jobs.add(
        session,
        owner_id=run.owner_id,
        kind=TRAIN,
        fence=old.fence,
        adjustments=old.adjustments,
        devices=old.devices,
        memory_bytes=old.memory_bytes,
    )
    session.flush()
    run.job_id = job.id


def clone_settings(user_id: str, run_id: str) -> dict[str, Any]:
    """The arguments of :func:`submit` that would repeat this run; the wizard starts from them."""
    run = get_run(user_id, run_id)
    return {
        "dataset_id": run.dataset_version.dataset_id,
        "base_model": run.base_model,
        "task_type": run.task_type,
        "columns": run.spec["columns"],
        "method": run.spec["method"],
        "training": run.spec["training"],
        "name": "",
    }


def archive(user_id: str, run_id: str) -> None:
    """Hide a finished run from the list; nothing is deleted."""
    with transaction() as session:
        run = find(session, user_id, run_id)
        if run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", "This run is still active.", "Cancel it first, then archive it.")
        run.archived = True


def rename(user_id: str, run_id: str, name: str) -> Run:
    """Give the run another name of 1 to 200 characters."""
    cleaned = names.checked(name)
    with transaction() as session:
        find(session, user_id, run_id).name = cleaned
    return get_run(user_id, run_id)


def queue_position(run: Run) -> int | None:
    """1 for the run that starts next; None when it does not wait, or waits for its person."""
    if run.job.state != QUEUED:
        return None
    with snapshot() as session:
        return queue_order.position(session, run.job_id)


def as_dict(run: Run, dataset_name: str | None = None) -> dict[str, Any]:
    """The run as REST and pages show it; the name of its data is looked up unless the caller knows it."""
    version = run.dataset_version
    if dataset_name is None:
        with snapshot() as session:
            dataset_name = session.scalar(select(Dataset.name).where(Dataset.id == version.dataset_id))
    return {
        "id": run.id,
        "name": run.name,
        "state": run.job.state,
        "phase": run.job.phase,
        "progress": run.job.progress,
        "paused": run.job.state == QUEUED and run.job.paused_at is not None,
        "pause_requested": run.job.pause_requested_at is not None,
        "cancel_requested": run.job.cancel_requested_at is not None,
        "attempt": run.job.attempt,
        "task_type": run.task_type,
        "base_model": run.base_model,
        "method": run.method,
        "spec": run.spec,
        "results": run.results,
        "error": run.job.error["error"] if run.job.error else None,
        "dataset": {"id": version.dataset_id, "name": dataset_name, "version": version.number},
        "archived": run.archived,
        "experiment_id": run.experiment_id,
        "starred": run.starred,
        "tags": run.tags,
        "note": run.note,
        "created_at": run.created_at,
        "started_at": run.job.started_at,
        "finished_at": run.job.finished_at,
        "queue_position": queue_position(run),
    }


def _version_for(user_id: str, dataset_id: str, task_type: str, columns: dict[str, str] | None) -> DatasetVersion:
    """The newest version, or a new one when another task or mapping is asked for; the old one stays as it was."""
    dataset = datasets.get_dataset(user_id, dataset_id)
    version = datasets.latest_version(dataset)
    if version.task_type != task_type or (columns and columns != version.columns):
        wanted = columns or version.columns
        version = datasets.latest_version(datasets.change_columns(user_id, dataset_id, task_type, wanted))
    return version


def _by_key(user_id: str, key: str) -> Run | None:
    with snapshot() as session:
        return session.scalar(
            select(Run).join(Job, Run.job_id == Job.id).where(Job.owner_id == user_id, Job.idempotency_key == key)
        )


def _default_name(session: Session, user_id: str, spec: RunSpec, dataset_name: str) -> str:
    """Data and method, with a number from the second run on, so that no two rows of the table read the same."""
    name = f"{dataset_name} · {method_class(spec.method.kind).title}"[:190]
    mine = select(Run.name).where(Run.owner_id == user_id, Run.name.startswith(name, autoescape=True))
    taken = set(session.scalars(mine))
    number = next(n for n in range(1, len(taken) + 2) if _numbered(name, n) not in taken)
    return _numbered(name, number)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"


def _invalid(error: ValidationError) -> Rejected:
    fields = {".".join(str(part) for part in each["loc"]): each["msg"] for each in error.errors()}
    name, complaint = next(iter(fields.items()))
    unknown = any(each["type"] == "extra_forbidden" for each in error.errors())
    return Rejected(
        "unknown_field" if unknown else "range",
        f"The setting {name!r} is not acceptable: {complaint}.",
        "Correct the named settings; the form shows what each allows.",
        details={"fields": fields},
    )
