"""The search for doubtful labels as a job: a real process reads the rows with the real encoder."""

import csv

import pytest

from app.db import transaction
from app.models import QUEUED, SUCCEEDED, Job
from app.samples import SAMPLES, sample_path
from app.services.datasets import datasets, label_reviews
from app.services.datasets.changes import Edit, change
from worker.jobs import supervisor

FLIPPED = (3, 50, 77)


@pytest.fixture
def dataset(owner, tmp_path):
    with sample_path(SAMPLES[0]).open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    labels = sorted({label for _, label in rows[1:]})
    for index in FLIPPED:
        rows[index][1] = labels[(labels.index(rows[index][1]) + 1) % len(labels)]
    with (tmp_path / "x.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return datasets.import_file(owner, (tmp_path / "x.csv", "x.csv"))


def test_planted_label_errors_are_found_and_no_row_changes(owner, dataset):
    before = datasets.latest_version(dataset)
    assert label_reviews.latest(owner, dataset.id)["state"] == "none"
    assert label_reviews.start(owner, dataset.id)["state"] == QUEUED
    assert label_reviews.start(owner, dataset.id)["state"] == QUEUED
    with transaction() as session:
        job_id = session.query(Job.id).filter(Job.kind == "label-review", Job.state == QUEUED).scalar()
    supervisor.execute(job_id, on_spool=lambda line: None)
    review = label_reviews.latest(owner, dataset.id)
    assert review["state"] == SUCCEEDED, review
    assert review["rows"] == 420 and len(review["suspects"]) == 10
    assert len({index + 1 for index in FLIPPED} & {suspect["line"] for suspect in review["suspects"]}) >= 2
    worst = review["suspects"][0]
    assert worst["cells"]["label"] == worst["given"] != worst["suggested"] and worst["margin"] < 0
    assert datasets.latest_version(datasets.get_dataset(owner, dataset.id)).content_sha256 == before.content_sha256
    # A search belongs to the version that was searched.
    change(owner, dataset.id, [Edit(worst["row_id"], {"label": worst["suggested"]})])
    assert label_reviews.latest(owner, dataset.id)["state"] == "none"
    assert label_reviews.latest(owner, dataset.id, 1)["state"] == SUCCEEDED
