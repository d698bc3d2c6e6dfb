"""Which attempts at a job count against the maximum: those that ended without having come further than the ones before.

A long run on a machine that is often restarted would fail otherwise, though each attempt brings it nearer to its end.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Checkpoint, Job, Run


def count(session: Session, job: Job) -> int:
    """Failed attempts that count, the present one included if it has made no progress."""
    return job.attempt if made_progress(session, job) else job.attempt + 1


def made_progress(session: Session, job: Job) -> bool:
    """Whether the present hold of a run's job has saved a later step than all holds before it."""
    of_run = select(func.max(Checkpoint.step)).join(Run, Checkpoint.run_id == Run.id).where(Run.job_id == job.id)
    now = session.scalar(of_run.where(Checkpoint.fence == job.fence)) or 0
    before = session.scalar(of_run.where(Checkpoint.fence < job.fence)) or 0
    return now > before
