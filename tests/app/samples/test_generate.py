"""The sample files: clean, as described, and the same bytes from the same seed."""

import csv
import io
from collections import Counter

import pytest

from app.catalog.task_types.text_patterns import text_key
from app.samples import SAMPLES, generate, sample_path
from app.services.datasets import datasets


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_clean_and_as_described(owner, sample):
    dataset = datasets.import_sample(owner, sample.name)
    version = datasets.latest_version(dataset)
    assert (version.status, version.rows, len(version.labels)) == ("ok", sample.rows, sample.labels)
    assert dataset.name == sample.title and version.task_type == sample.task_type
    if sample.file in generate.CONLL_FILES:
        assert sample_path(sample).read_text() == generate.make_conll(sample.rows, generate.SEED)
        return
    phrases, per_label = generate.FILES[sample.file]
    assert sample_path(sample).read_text() == generate.make_csv(phrases, per_label, generate.SEED)
    rows = list(csv.DictReader(io.StringIO(sample_path(sample).read_text())))
    assert len({text_key(row["text"]) for row in rows}) == len(rows)
    assert set(Counter(row["label"] for row in rows).values()) == {per_label}
