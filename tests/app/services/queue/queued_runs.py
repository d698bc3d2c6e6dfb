"""Queued runs for tests of the queue."""

from app.db import transaction
from app.models import Run
from tests.factories import make_run, make_version


def jobs_of(user: str, count: int) -> list[str]:
    """Ids of the jobs of so many new queued runs."""
    version = make_version(user)
    return [make_run(user, version, name=f"{number}").job_id for number in range(count)]


def run_of(job_id: str) -> str:
    with transaction() as session:
        return session.query(Run).filter_by(job_id=job_id).one().id
