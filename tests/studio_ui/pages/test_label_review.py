"""The label review on the Data page: what it says about its doubts, verdicts that are remembered, all doubts in pages."""

from playwright.sync_api import expect

from app.db import transaction
from app.models import Job
from app.services.datasets import datasets, label_reviews
from app.services.queue import jobs


def review(owner, dataset_id, row_ids):
    """End a review with these rows as suspects."""
    label_reviews.start(owner, dataset_id)
    with transaction() as session:
        job = session.query(Job).filter(Job.kind == "label-review", Job.state == "queued").one().id
    claim = jobs.claim(job)
    jobs.begin(claim, pid=1, phase="")
    suspects = [
        {"row_id": n, "line": n + 2, "given": "x", "suggested": "billing", "margin": -0.5, "content": str(n)}
        for n in row_ids
    ]
    results = {"rows": 420, "agreement": 0.88, "doubtful": len(suspects), "suspects": suspects}
    label_reviews.store_results(claim, results)


def test_verdicts_are_counted_and_kept_labels_leave_the_list(signed_in, studio):
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    review(studio.owner, dataset.id, range(14))
    watched = signed_in()
    page = watched.open(f"/datasets?id={dataset.id}")
    section = page.locator("#report-suspects")
    expect(section).to_contain_text("foretell 88.0 % of all labels")
    expect(section).to_contain_text("known only from your verdicts")
    section.get_by_role("button", name="Keep the label of line 2", exact=True).click()
    expect(page.locator("#suspects-precision")).to_contain_text("you corrected 0 and kept 1")
    expect(page.locator("#suspect-0")).to_have_count(0)
    section.get_by_role("button", name="Change the label of line 3 to billing").click()
    expect(page.locator("#draft-bar strong")).to_have_text("1 change waits to be saved.")
    expect(page.locator("#suspects-precision")).to_contain_text("you corrected 1 and kept 1")
    section.get_by_role("button", name="Next").click()
    expect(page.locator("#suspects-pages")).to_contain_text("11 to 13 of 13")
    expect(page.locator(".suspects li")).to_have_count(3)
    assert watched.complaints == []
