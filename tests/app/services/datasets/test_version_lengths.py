"""Token lengths of a version: for the recommended model, for another, and what a limit cuts."""

import pytest

from app import storage
from app.catalog.base_models import STARTER_ENCODER
from app.catalog.task_types import task_type
from app.errors import Rejected
from app.services.datasets import datasets
from app.services.datasets.version_lengths import cut_at, default_length, lengths_of, with_default_cut
from app.services.profiling.default_lengths import length_for
from tests.app.services.datasets.letters import ROWS, newest, write


@pytest.fixture
def version(owner, tmp_path):
    """100 short rows and one of 302 tokens."""
    path = write(tmp_path / "x.csv", [*ROWS, ("word " * 300, "a")])
    return newest(datasets.import_file(owner, (path, "x.csv")))


def test_truncated_rows_are_counted_for_a_limit(version):
    lengths = lengths_of(version)
    assert (lengths.base_model, lengths.rows, lengths.longest) == ("starter-encoder", 101, 302)
    assert cut_at(version, "", 302)["cut_rows"] == 0
    cut = cut_at(version, "starter-encoder", 301)
    assert (cut["cut_rows"], cut["max_length"], cut["longest"]) == (1, 301, 302)
    assert with_default_cut(version)["max_length"] == 64
    assert with_default_cut(version)["reason"] == "64 tokens cover 99.0 % of your texts; the longest has 302."
    assert default_length(version, "starter-encoder") == length_for(
        task_type("text-classification"), STARTER_ENCODER, lengths
    )


def test_lengths_for_another_model_are_counted_once(version):
    lengths = lengths_of(version, "starter-chat")
    (cached,) = (storage.cache_dir() / "lengths").iterdir()
    assert lengths.base_model == "starter-chat" and lengths.rows == 101
    cached.write_text(cached.read_text().replace(str(lengths.longest), "9999"))
    assert lengths_of(version, "starter-chat").longest == 9999


def test_unknown_model_is_refused(version):
    with pytest.raises(Rejected):
        lengths_of(version, "no-such-model")
