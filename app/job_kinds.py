"""Kinds of jobs, and the queue that carries each: what computes on the devices on one, everything else on the light one."""

from sqlalchemy import ColumnElement

from app.models import Job
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE

# Reports on data and changes to it.
DATA_CHECK = "data-check"
LABEL_REVIEW = "label-review"
MODEL_FETCH = "fetch"
TRACKER_EXPORT = "track"
# Data from another machine, which becomes a dataset.
DATASET_FETCH = "dataset-fetch"
PERSON_EXPORT = "person-export"
# A file of texts, answered by the inference server.
BATCH_PREDICTION = "batch-prediction"
# What the retention rules no longer keep.
RETENTION = "retention"
LIGHT_KINDS = (
    DATA_CHECK,
    LABEL_REVIEW,
    MODEL_FETCH,
    TRACKER_EXPORT,
    DATASET_FETCH,
    PERSON_EXPORT,
    BATCH_PREDICTION,
    RETENTION,
)


def queue_of(kind: str) -> str:
    """The queue whose workers do jobs of this kind."""
    return LIGHT_QUEUE if kind in LIGHT_KINDS else TRAIN_QUEUE


def is_on(queue: str) -> ColumnElement[bool]:
    """The condition that a job belongs to the queue."""
    return Job.kind.in_(LIGHT_KINDS) if queue == LIGHT_QUEUE else Job.kind.not_in(LIGHT_KINDS)
