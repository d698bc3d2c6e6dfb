"""Moving a data set into another project, with the runs and experiments that learned from it."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.models import Artifact, Checkpoint, Dataset, DatasetVersion, Experiment, Run
from app.services.accounts import access, limits
from app.services.accounts.access import TO_CHANGE, TO_MOVE
from app.services.accounts.audit_chain import record
from app.services.datasets.datasets import get_dataset
from app.services.datasets.versions import find_dataset


def move(user_id: str, dataset_id: str, project_id: str) -> Dataset:
    """Move a data set; the members of the other project see it from then on, those of the present one no longer.

    Raises:
        NotFound: data set or project are not theirs.
        NotAllowed: the person is no owner of the present project, or may not add data to the other.
        Conflict: the other project would take more of the disk than it may.
    """
    with snapshot() as session:
        find_dataset(session, user_id, dataset_id, TO_MOVE)
        access.find_project(session, project_id, user_id, TO_CHANGE)
    with transaction() as session:
        dataset = find_dataset(session, user_id, dataset_id, TO_MOVE)
        access.find_project(session, project_id, user_id, TO_CHANGE)
        if dataset.project_id != project_id:
            limits.check_stored(session, "", project_id, _bytes(session, dataset_id))
        before, dataset.project_id = dataset.project_id, project_id
        versions = select(DatasetVersion.id).where(DatasetVersion.dataset_id == dataset_id)
        for table in (Run, Experiment):
            session.execute(update(table).where(table.dataset_version_id.in_(versions)).values(project_id=project_id))
        record(session, user_id, "move", "dataset", dataset_id, data={"from": before, "to": project_id})
    return get_dataset(user_id, dataset_id)


def _bytes(session: Session, dataset_id: str) -> int:
    """What the data set and its runs take of a project's share of the disk."""
    versions = DatasetVersion.dataset_id == dataset_id
    sums = [select(func.sum(DatasetVersion.bytes)).where(versions)]
    for table in (Checkpoint, Artifact):
        of_runs = select(func.sum(table.bytes)).join(Run, table.run_id == Run.id)
        sums.append(of_runs.join(DatasetVersion, Run.dataset_version_id == DatasetVersion.id).where(versions))
    return sum(int(session.scalar(query) or 0) for query in sums)
