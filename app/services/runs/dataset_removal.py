"""Deletion of a dataset with everything that hangs on it, which is listed first.

Rows are deleted first and folders after the commit, so that no row ever names a file that is gone.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import storage
from app.catalog.job_file import TOKENS_FOLDER
from app.db import db_now, snapshot, transaction
from app.errors import Conflict
from app.languages import gettext as _
from app.languages import ngettext
from app.models import ACTIVE_STATES, Dataset, DatasetReview, DatasetVersion, Experiment, Job, LabelVerdict, Run
from app.models_chat import Conversation
from app.models_data import DatasetCheck
from app.models_shares import Share
from app.models_work import TrackerExport
from app.services.accounts.access import TO_DELETE, TO_LOOK
from app.services.accounts.audit_chain import record
from app.services.datasets.version_lengths import LENGTHS_FOLDER
from app.services.datasets.versions import find_dataset
from app.services.runs.removal import bytes_in, delete_rows


@dataclass(frozen=True)
class Dependents:
    """What goes when a dataset goes.

    Attributes:
        runs: names of the runs that learned from it, the newest first; ``experiments`` and ``conversations`` likewise, of
            those whose every model goes.
        active: what still works on it; nothing is deleted before that has ended.
        exports: files and entries of its runs in other trackers' form.
        links: read-only links that show nothing but its runs.
        bytes: on disk, of the versions and the runs.
    """

    name: str
    versions: int
    runs: list[str]
    experiments: list[str]
    conversations: list[str]
    exports: int
    links: int
    active: list[str]
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


@dataclass(frozen=True)
class _Found:
    """The rows behind :class:`Dependents`."""

    dataset: Dataset
    runs: Sequence[Run]
    experiments: Sequence[Experiment]
    conversations: Sequence[Conversation]
    links: Sequence[Share]
    jobs: Sequence[Job]
    exports: int

    @property
    def folders(self) -> list[Path]:
        """Where its files are."""
        versions = [storage.dataset_dir(version.id) for version in self.dataset.versions]
        return [*versions, *(storage.run_dir(run.id) for run in self.runs)]


def dependents(user_id: str, dataset_id: str) -> Dependents:
    """What would be deleted with one's own dataset.

    Raises:
        NotFound: the dataset is not theirs.
    """
    with snapshot() as session:
        found = _find(session, user_id, dataset_id, TO_LOOK)
    return Dependents(
        name=found.dataset.name,
        versions=len(found.dataset.versions),
        runs=[run.name for run in found.runs],
        experiments=[experiment.name for experiment in found.experiments],
        conversations=[conversation.title or _("Conversation") for conversation in found.conversations],
        exports=found.exports,
        links=len(found.links),
        active=_active(found),
        bytes=bytes_in(found.folders),
    )


def remove(user_id: str, dataset_id: str, *, with_runs: bool) -> int:
    """Delete one's own dataset for good; returns the bytes that were freed on disk.

    Args:
        with_runs: whether the runs that learned from it may go, too, with all that hangs on them.

    Raises:
        NotFound: the dataset is not theirs.
        Conflict: something still works on it, or runs learned from it and ``with_runs`` is not given.
    """
    with snapshot() as session:
        found = _find_removable(session, user_id, dataset_id, with_runs)
    # Before the transaction: nobody's writing waits for a walk over the disk.
    freed = bytes_in(found.folders)
    with transaction() as session:
        found = _find_removable(session, user_id, dataset_id, with_runs)
        _delete(session, found)
        details = {"name": found.dataset.name, "runs": len(found.runs), "bytes": freed}
        record(session, user_id, "delete", "dataset", dataset_id, data=details)
    for folder in found.folders:
        shutil.rmtree(folder, ignore_errors=True)
    _delete_caches(found.dataset.versions)
    return freed


def _find(session: Session, user_id: str, dataset_id: str, need: str) -> _Found:
    dataset = find_dataset(session, user_id, dataset_id, need)
    versions = [version.id for version in dataset.versions]
    runs = session.scalars(
        select(Run).where(Run.dataset_version_id.in_(versions)).order_by(Run.created_at.desc())
    ).all()
    gone = {run.id for run in runs}
    experiments = session.scalars(select(Experiment).where(Experiment.dataset_version_id.in_(versions))).all()
    talks = (
        session.scalars(select(Conversation).where(Conversation.project_id == dataset.project_id)).all() if gone else []
    )
    links = session.scalars(select(Share).where(Share.revoked_at.is_(None))).all()
    reviews = select(DatasetReview.job_id).where(DatasetReview.dataset_version_id.in_(versions))
    checks = select(DatasetCheck.job_id).where(DatasetCheck.dataset_id == dataset_id)
    exports = TrackerExport.run_id.in_(gone)
    return _Found(
        dataset,
        runs,
        experiments,
        [talk for talk in talks if _all_gone(talk.models, gone)],
        [link for link in links if link.run_ids and gone.issuperset(link.run_ids)],
        session.scalars(
            select(Job).where(
                Job.id.in_(reviews) | Job.id.in_(checks) | Job.id.in_(select(TrackerExport.job_id).where(exports))
            )
        ).all(),
        session.scalar(select(func.count()).select_from(TrackerExport).where(exports)) or 0,
    )


def _all_gone(models: Iterable[str], gone: set[str]) -> bool:
    """Whether every tuned model of a conversation is of these runs, and at least one is."""
    tuned = {model.partition("@")[0] for model in models if not model.startswith("base:")}
    return bool(tuned) and tuned <= gone


def _active(found: _Found) -> list[str]:
    named = [run.name for run in found.runs if run.job.state in ACTIVE_STATES]
    return named + [_("a check, a label review or an export")] * any(job.state in ACTIVE_STATES for job in found.jobs)


def _find_removable(session: Session, user_id: str, dataset_id: str, with_runs: bool) -> _Found:
    found = _find(session, user_id, dataset_id, TO_DELETE)
    if active := _active(found):
        raise Conflict(
            "still_active",
            _("Work on “{dataset}” has not ended: {names}.", dataset=found.dataset.name, names=", ".join(active[:5])),
            _("Stop it or wait for its end, then delete the data set."),
        )
    if found.runs and not with_runs:
        amount = len(found.runs)
        raise Conflict(
            "dataset_in_use",
            ngettext(
                "{number} run learned from “{dataset}”.",
                "{number} runs learned from “{dataset}”.",
                amount,
                dataset=found.dataset.name,
            ),
            _("Delete it together with them (with_runs=true), or archive it: then they keep it."),
        )
    return found


def _delete(session: Session, found: _Found) -> None:
    versions = [version.id for version in found.dataset.versions]
    jobs = [job.id for job in found.jobs]
    delete_rows(session, found.runs)
    for table, ids in (
        (Experiment, [experiment.id for experiment in found.experiments]),
        (Conversation, [conversation.id for conversation in found.conversations]),
    ):
        session.execute(delete(table).where(table.id.in_(ids)))
    session.execute(delete(DatasetReview).where(DatasetReview.dataset_version_id.in_(versions)))
    for named in (DatasetCheck, LabelVerdict):
        session.execute(delete(named).where(named.dataset_id == found.dataset.id))
    session.execute(delete(Job).where(Job.id.in_(jobs)))
    for link in found.links:
        link.revoked_at = session.scalar(select(db_now()))
    session.execute(delete(DatasetVersion).where(DatasetVersion.id.in_(versions)))
    session.execute(delete(Dataset).where(Dataset.id == found.dataset.id))


def _delete_caches(versions: Sequence[DatasetVersion]) -> None:
    """Delete what was made of the rows to save time: lengths, and tokens unless an equal dataset has the same ones."""
    cache = storage.cache_dir()
    for version in versions:
        for path in (cache / LENGTHS_FOLDER).glob(f"{version.id}-*"):
            path.unlink(missing_ok=True)
    with snapshot() as session:
        kept = set(session.scalars(select(DatasetVersion.content_sha256)))
    for content in {version.content_sha256 for version in versions} - kept:
        shutil.rmtree(cache / TOKENS_FOLDER / content, ignore_errors=True)
