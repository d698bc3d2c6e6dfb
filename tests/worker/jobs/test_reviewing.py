"""The search for doubtful labels as a job: a real process reads the rows with the real encoder."""

import csv

import pytest

from app.db import transaction
from app.errors import NotFound, Rejected
from app.models import CANCELLED, QUEUED, SUCCEEDED, Job
from app.samples import SAMPLES, sample_path
from app.services.accounts import accounts
from app.services.datasets import datasets, label_reviews
from app.services.datasets.changes import Edit, change
from app.services.queue import jobs
from worker.jobs import supervisor

FLIPPED = (3, 50, 77)


@pytest.fixture
def made(owner, tmp_path):
    with sample_path(SAMPLES[0]).open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    labels = sorted({label for _, label in rows[1:]})
    for index in FLIPPED:
        rows[index][1] = labels[(labels.index(rows[index][1]) + 1) % len(labels)]
    with (tmp_path / "x.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return datasets.import_file(owner, (tmp_path / "x.csv", "x.csv"))


def job_of(state=QUEUED):
    with transaction() as session:
        return session.query(Job).filter(Job.kind == "label-review", Job.state == state).one()


def test_planted_label_errors_are_found_and_no_row_changes(owner, made):
    before = datasets.latest_version(made)
    assert label_reviews.latest(owner, made.id)["state"] == "none"
    assert label_reviews.start(owner, made.id)["state"] == QUEUED
    assert label_reviews.start(owner, made.id)["state"] == QUEUED
    supervisor.execute(job_of().id, on_spool=lambda line: None)
    review = label_reviews.latest(owner, made.id)
    assert review["state"] == SUCCEEDED, review
    assert review["rows"] == 420 and len(review["suspects"]) == 10
    assert len({index + 1 for index in FLIPPED} & {suspect["line"] for suspect in review["suspects"]}) >= 2
    worst = review["suspects"][0]
    assert worst["cells"]["label"] == worst["given"] != worst["suggested"] and worst["margin"] < 0
    assert datasets.latest_version(datasets.get_dataset(owner, made.id)).content_sha256 == before.content_sha256
    # A search belongs to the version that was searched.
    change(owner, made.id, [Edit(worst["row_id"], {"label": worst["suggested"]})])
    assert label_reviews.latest(owner, made.id)["state"] == "none"
    assert label_reviews.latest(owner, made.id, 1)["state"] == SUCCEEDED


def test_queued_review_can_be_cancelled_and_started_again(owner, made):
    label_reviews.start(owner, made.id)
    job = job_of()
    with transaction() as session:
        jobs.request_cancel(session, session.get_one(Job, job.id))
    assert label_reviews.latest(owner, made.id)["state"] == CANCELLED
    assert label_reviews.start(owner, made.id)["state"] == QUEUED and job_of().id != job.id


def test_review_is_refused_for_other_owners_and_other_tasks(owner, made):
    other = accounts.add_user("bob").id
    for call in (label_reviews.start, label_reviews.latest):
        with pytest.raises(NotFound):
            call(other, made.id)
    with transaction() as session:
        session.merge(datasets.latest_version(made)).columns = {"text": "text"}
    with pytest.raises(Rejected):
        label_reviews.start(owner, made.id)
