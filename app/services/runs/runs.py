"""The life of a run: submit, pause, resume, continue, cancel, reorder, clone, archive. The jobs of ``app.services.queue`` execute it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog.methods import method_class
from app.catalog.spec import RunSpec
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.languages import gettext as _
from app.models import (
    ACTIVE_STATES,
    CANCELLED,
    DIVERGED,
    FAILED,
    QUEUED,
    SUCCEEDED,
    Checkpoint,
    Dataset,
    DatasetVersion,
    Job,
    Run,
)
from app.services.accounts import access, limits, names
from app.services.accounts.access import TO_CHANGE, TO_LOOK, TO_TRAIN
from app.services.accounts.audit_chain import record
from app.services.datasets import datasets
from app.services.datasets.row_errors import version_for_run
from app.services.datasets.versions import find_dataset
from app.services.estimates import estimates
from app.services.queue import jobs, placement, queue_order
from app.services.runs import cross_validation, run_details
from app.services.runs.run_specs import make_spec

TRAIN = "train"
MAX_EPOCHS = 100.0


@dataclass(frozen=True)
class RunRequest:
    """What a person asks for when submitting a run.

    ``columns`` None keeps the column roles of the dataset. ``leave_out_errors`` leaves out rows that cannot be used, as a
    new version of the dataset, instead of refusing it.
    """

    dataset_id: str
    base_model: str
    task_type: str
    method: dict[str, Any]
    columns: dict[str, str] | None = None
    training: dict[str, Any] | None = None
    name: str = ""
    leave_out_errors: bool = False


def submit(user_id: str, request: RunRequest, *, idempotency_key: str | None = None) -> Run:
    """Queue a run: spec, run and job are written in one transaction, the queue message is sent after its commit.

    The same ``idempotency_key`` from the same person returns the run that the first call made.

    Raises:
        Rejected: an unknown model, method, task or setting, or a value out of bounds; ``details.fields`` names it.
        Conflict: ``rows_undecided``, rows of the data must be fixed or left out first.
        NotFound: the dataset is not theirs.
    """
    if idempotency_key and (earlier := _by_key(user_id, idempotency_key)):
        return earlier
    datasets.require(user_id, request.dataset_id, TO_TRAIN)
    version = version_for_run(user_id, _version_for(user_id, request), request.leave_out_errors)
    spec = make_spec(
        version,
        base_model=request.base_model,
        task_type=request.task_type,
        method=request.method,
        training=request.training or {},
    )
    placement.check_devices(spec.training.devices)
    try:
        with transaction() as session:
            run = add(session, user_id, version, spec, name=request.name, idempotency_key=idempotency_key)
            record(session, user_id, "submit", "run", run.id)
            session.refresh(run)
    except IntegrityError:
        if idempotency_key and (earlier := _by_key(user_id, idempotency_key)):
            return earlier
        raise
    return run


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
    """Write a queued run with its job in the caller's transaction; the queue message is sent after the commit.

    Raises:
        NotAllowed: the person may not train in the project of the data.
        Conflict: they have too many runs.
    """
    dataset = find_dataset(session, user_id, version.dataset_id, TO_TRAIN)
    limits.check_limits(session, user_id, dataset.project_id)
    job = jobs.add(
        session,
        owner_id=user_id,
        kind=TRAIN,
        idempotency_key=idempotency_key,
        # A run that is derived from other runs is not trained.
        devices=1 if spec.origin else spec.training.devices,
        memory_bytes=estimates.memory_needed(spec, version),
    )
    session.flush()
    run = Run(
        project_id=dataset.project_id,
        owner_id=user_id,
        dataset_version_id=version.id,
        job_id=job.id,
        name=names.clean_name(name) or _default_name(session, spec, dataset),
        task_type=spec.task_type,
        base_model=spec.base_model,
        method=spec.method.kind,
        spec=spec.model_dump(mode="json"),
        experiment_id=experiment_id,
    )
    session.add(run)
    session.flush()
    return run


def list_runs(user_id: str, *, include_archived: bool = False) -> list[Run]:
    """The runs that the person may see, newest first."""
    query = select(Run).where(access.visible(Run, user_id)).order_by(Run.created_at.desc())
    if not include_archived:
        query = query.where(Run.archived.is_(False))
    with snapshot() as session:
        return list(session.scalars(query))


def get_run(user_id: str, run_id: str, need: str = TO_LOOK) -> Run:
    """One run with its job and dataset version loaded, for somebody with at least the role ``need`` in its project.

    Raises:
        NotFound: the run does not exist, or neither it nor its project is shared with them.
    """
    with snapshot() as session:
        return find(session, user_id, run_id, need)


def find(session: Session, user_id: str, run_id: str, need: str = TO_LOOK) -> Run:
    """As :func:`get_run`, inside the caller's transaction, for somebody with at least the role ``need``."""
    missing = NotFound(
        "run_not_found",
        _("There is no run {run_id} among yours.", run_id=repr(run_id)),
        _("Open it from the Runs page."),
    )
    return access.find(session, Run, run_id, user_id, missing, need=need)


def request_cancel(user_id: str, run_id: str) -> Run:
    """Ask for a stop; the last checkpoint is kept."""
    with transaction() as session:
        run = find(session, user_id, run_id, TO_CHANGE)
        jobs.request_cancel(session, run.job)
        record(session, user_id, "cancel", "run", run_id)
    return get_run(user_id, run_id)


def pause(user_id: str, run_id: str) -> Run:
    """Pause a run: a queued one is not claimed until it is resumed, a running one saves a checkpoint and stops first."""
    with transaction() as session:
        jobs.request_pause(session, find(session, user_id, run_id, TO_CHANGE).job)
        record(session, user_id, "pause", "run", run_id)
    return get_run(user_id, run_id)


def resume(user_id: str, run_id: str) -> Run:
    """Resume a paused run, or continue a stopped or failed one from its last checkpoint with a new job.

    Raises:
        Conflict: the run is neither paused, stopped nor failed.
    """
    with transaction() as session:
        run = find(session, user_id, run_id, TO_CHANGE)
        if run.job.paused_at is not None and run.job.state == QUEUED:
            jobs.unpause(session, run.job)
        elif run.job.state in (FAILED, CANCELLED, DIVERGED):
            _requeue(session, user_id, run)
        else:
            raise Conflict(
                "not_resumable",
                _("This run is {state}; only paused, stopped or failed runs can be resumed.", state=run.job.state),
                _("Wait until it has ended, or clone it to start another."),
            )
        record(session, user_id, "resume", "run", run_id)
    return get_run(user_id, run_id)


def continue_training(user_id: str, run_id: str, epochs: float) -> Run:
    """Train a finished run for more epochs from its last checkpoint; its results are replaced at the end.

    Raises:
        Conflict: the run has not succeeded, is derived from other runs, was cross-validated, keeps no checkpoint, or would exceed
            ``MAX_EPOCHS`` in all.
    """
    with transaction() as session:
        run = find(session, user_id, run_id, TO_CHANGE)
        if run.job.state != SUCCEEDED:
            raise Conflict(
                "not_finished",
                _("This run is {state}; only finished runs can be trained further.", state=run.job.state),
                _("Resume it."),
            )
        cross_validation.refuse_more(run.spec)
        if run.spec.get("origin"):
            raise Conflict(
                "made_of_runs",
                _("This run was made of other runs; it has no training to go on with."),
                _("Train one of its parents further, then make it again."),
            )
        _refuse_without_checkpoint(session, run_id)
        total = float(run.spec["training"].get("epochs", 3)) + epochs
        if not epochs > 0 or total > MAX_EPOCHS:
            raise Conflict(
                "range",
                _("{total} passes in all are asked for.", total=f"{total:g}"),
                _("A run has more than 0 and at most {MAX_EPOCHS}.", MAX_EPOCHS=f"{MAX_EPOCHS:g}"),
            )
        run.spec = {**run.spec, "training": {**run.spec["training"], "epochs": total}}
        _requeue(session, user_id, run)
        record(session, user_id, "continue", "run", run_id, data={"epochs": epochs})
    return get_run(user_id, run_id)


def keeps_checkpoint(run_id: str) -> bool:
    """Whether a checkpoint is left from which a run can be trained further."""
    with snapshot() as session:
        return _has_checkpoint(session, run_id)


def no_checkpoint() -> Conflict:
    """Why a run without checkpoints is not trained further: it would start over and replace its results."""
    return Conflict(
        "no_checkpoint",
        _("No checkpoint of this run is left, so that it could only start over."),
        _("Clone it to train a new run from the beginning."),
    )


def _refuse_without_checkpoint(session: Session, run_id: str) -> None:
    # Retention holds this row while it deletes checkpoints.
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update())
    if not _has_checkpoint(session, run_id):
        raise no_checkpoint()


def _has_checkpoint(session: Session, run_id: str) -> bool:
    return session.scalar(select(Checkpoint.id).where(Checkpoint.run_id == run_id).limit(1)) is not None


def set_priority(user_id: str, run_id: str, priority: str) -> Run:
    """Set the priority of a queued run among the person's own runs."""
    with transaction() as session:
        queue_order.set_priority(session, find(session, user_id, run_id, TO_CHANGE).job, priority)
    return get_run(user_id, run_id)


def move(user_id: str, run_id: str, direction: str) -> Run:
    """Move a queued run among the person's own runs."""
    with transaction() as session:
        queue_order.move(session, find(session, user_id, run_id, TO_CHANGE).job, direction)
    return get_run(user_id, run_id)


def clone_settings(user_id: str, run_id: str) -> dict[str, Any]:
    """The fields of the :class:`RunRequest` that would repeat this run."""
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
        run = find(session, user_id, run_id, TO_CHANGE)
        if run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", _("This run is still active."), _("Cancel it first, then archive it."))
        run.archived = True


def rename(user_id: str, run_id: str, name: str) -> Run:
    """Give the run another name of 1 to 200 characters."""
    cleaned = names.validate_name(name)
    with transaction() as session:
        find(session, user_id, run_id, TO_CHANGE).name = cleaned
    return get_run(user_id, run_id)


def as_dict(run: Run, dataset_name: str | None = None) -> dict[str, Any]:
    """The JSON of :func:`run_details.describe`."""
    return run_details.describe(run, dataset_name).as_dict()


def _requeue(session: Session, user_id: str, run: Run) -> None:
    """Give an ended run a new job of this person, which continues from the newest checkpoint."""
    limits.check_limits(session, user_id, run.project_id)
    # The fence continues from the old job, so that no two attempt folders have the same name.
    old = run.job
    # A repeated submit with this key still means this run, whichever job does it now.
    key, old.idempotency_key = old.idempotency_key if old.owner_id == user_id else None, None
    session.flush()
    job = jobs.add(
        session,
        owner_id=user_id,
        kind=TRAIN,
        idempotency_key=key,
        fence=old.fence,
        devices=old.devices,
        memory_bytes=old.memory_bytes,
    )
    job.adjustments = old.adjustments
    # By this the hours of the old job still count for the project.
    old.adjustments = {**old.adjustments, "run_id": run.id}
    session.flush()
    run.job_id = job.id


def _version_for(user_id: str, request: RunRequest) -> DatasetVersion:
    """The newest version, or a new one when another task or mapping is asked for; the old one stays as it was."""
    dataset = datasets.get_dataset(user_id, request.dataset_id)
    version = datasets.latest_version(dataset)
    columns = request.columns or version.columns
    if version.task_type != request.task_type or columns != version.columns:
        changed = datasets.change_columns(user_id, request.dataset_id, request.task_type, columns)
        version = datasets.latest_version(changed)
    return version


def _by_key(user_id: str, key: str) -> Run | None:
    with snapshot() as session:
        return session.scalar(
            select(Run).join(Job, Run.job_id == Job.id).where(Job.owner_id == user_id, Job.idempotency_key == key)
        )


def _default_name(session: Session, spec: RunSpec, dataset: Dataset) -> str:
    """Dataset and method, with a number from the second run on, so that no two rows of the table have the same name."""
    name = f"{dataset.name} · {method_class(spec.method.kind).title}"[:190]
    alike = (Run.project_id == dataset.project_id, Run.name.startswith(name, autoescape=True))
    taken = set(session.scalars(select(Run.name).where(*alike)))
    number = next(n for n in range(1, len(taken) + 2) if _numbered(name, n) not in taken)
    return _numbered(name, number)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"
