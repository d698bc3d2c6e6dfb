"""Verdicts about doubted labels: the last one about a content counts."""

from app.services.datasets import label_verdicts
from app.services.datasets.label_verdicts import CORRECTED, KEPT


def test_last_verdict_about_a_content_counts(owner, dataset):
    for content, verdict in (("one", KEPT), ("two", KEPT), ("one", CORRECTED)):
        label_verdicts.record(owner, dataset.id, content, verdict)
    assert label_verdicts.kept_contents(dataset.id) == {"two"}
    assert label_verdicts.counts(dataset.id) == {KEPT: 1, CORRECTED: 1}
