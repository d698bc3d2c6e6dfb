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


def test_samples_are_written_as_they_are_shipped(tmp_path):
    generate.write_samples(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        sample.file: sample_path(sample).read_bytes() for sample in SAMPLES
    }


def test_texts_of_another_seed_differ():
    phrases, per_label = generate.FILES["support_requests.csv"]
    assert generate.make_csv(phrases, 5, seed=1) == generate.make_csv(phrases, 5, seed=1)
    assert generate.make_csv(phrases, 5, seed=1) != generate.make_csv(phrases, 5, seed=2)
    assert per_label > 5
