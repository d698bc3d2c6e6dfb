"""Label reviews: queued once for a version, described with the cells of its rows, refused without labels."""

from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.errors import NotFound, Rejected
from app.models import CANCELLED, QUEUED, SUCCEEDED, Job
from app.services.accounts import accounts
from app.services.datasets import datasets, label_reviews
from app.services.datasets.changes import Edit, change
from app.services.queue import jobs
from tests.app.services.datasets.letters import ROWS


def job_of(state=QUEUED):
    with transaction() as session:
        return session.query(Job).filter(Job.kind == "label-review", Job.state == state).one()


def test_queued_review_can_be_cancelled_and_started_again(owner, dataset):
    label_reviews.start(owner, dataset.id)
    job = job_of()
    with transaction() as session:
        jobs.request_cancel(session, session.get_one(Job, job.id))
    assert label_reviews.latest(owner, dataset.id)["state"] == CANCELLED
    assert label_reviews.start(owner, dataset.id)["state"] == QUEUED and job_of().id != job.id


def test_review_is_refused_for_other_owners_and_other_tasks(owner, dataset):
    other = accounts.add_user("bob").id
    for call in (label_reviews.start, label_reviews.latest):
        with pytest.raises(NotFound):
            call(other, dataset.id)
    with transaction() as session:
        session.merge(datasets.latest_version(dataset)).columns = {"text": "text"}
    with pytest.raises(Rejected):
        label_reviews.start(owner, dataset.id)


def test_suspects_are_kept_with_the_version_and_shown_with_its_cells(owner, dataset):
    label_reviews.start(owner, dataset.id)
    claim = jobs.claim(job_of().id)
    jobs.begin(claim, pid=1, phase="")
    folder = label_reviews.prepare(claim, lambda name: Path("/models") / name, 2)
    content = storage.read_json(folder / "job.json")
    assert (content["inputs"], content["label"], content["threads"]) == (["text"], "label", 2)
    suspects = [
        {"row_id": row_id, "given": "a", "suggested": "b", "margin": -0.5, "content": f"content-{row_id}"}
        for row_id in (4, 2)
    ]
    results = {"rows": 102, "agreement": 0.9, "doubtful": 2, "suspects": suspects}
    label_reviews.store_results(claim, results)
    assert not folder.exists()
    change(owner, dataset.id, [Edit(4, {"text": "changed since"})])
    review = label_reviews.latest(owner, dataset.id, 1)
    assert (review["state"], review["rows"], review["doubtful"]) == (SUCCEEDED, 102, 2)
    assert [suspect["cells"]["text"] for suspect in review["suspects"]] == [ROWS[4][0], ROWS[2][0]]
    assert label_reviews.latest(owner, dataset.id)["state"] == "none"


def reviewed(owner, dataset, row_ids):
    """End a review of the newest version with these rows as suspects."""
    label_reviews.start(owner, dataset.id)
    claim = jobs.claim(job_of().id)
    jobs.begin(claim, pid=1, phase="")
    suspects = [
        {"row_id": row_id, "given": "a", "suggested": "b", "margin": -0.5, "content": f"content-{row_id}"}
        for row_id in row_ids
    ]
    label_reviews.store_results(claim, {"rows": 102, "doubtful": len(suspects), "suspects": suspects})


def test_kept_label_is_not_shown_again_in_any_version_and_all_others_can_be_paged_through(owner, dataset):
    reviewed(owner, dataset, range(25))
    assert label_reviews.decide(owner, dataset.id, 3, "kept") == {"kept": 1, "corrected": 0}
    assert label_reviews.decide(owner, dataset.id, 4, "corrected") == {"kept": 1, "corrected": 1}
    change(owner, dataset.id, [Edit(4, {"label": "b"})])
    reviewed(owner, dataset, [row_id for row_id in range(25) if row_id != 4])
    pages = [label_reviews.latest(owner, dataset.id, limit=10, offset=at) for at in (0, 10, 20)]
    assert [suspect["row_id"] for page in pages for suspect in page["suspects"]] == [
        row_id for row_id in range(25) if row_id not in (3, 4)
    ]
    assert (pages[0]["remaining"], pages[0]["verdicts"]) == (23, {"kept": 1, "corrected": 1})


def test_verdict_needs_a_suspect_of_ones_own(owner, dataset):
    reviewed(owner, dataset, [1])
    with pytest.raises(NotFound):
        label_reviews.decide(owner, dataset.id, 2, "kept")
    with pytest.raises(NotFound):
        label_reviews.decide(accounts.add_user("eve").id, dataset.id, 1, "kept")
    with pytest.raises(Rejected):
        label_reviews.decide(owner, dataset.id, 1, "perhaps")
