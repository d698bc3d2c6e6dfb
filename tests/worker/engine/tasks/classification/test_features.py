"""Sentence vectors and the probe on them are computed once for the same rows, weights and precision."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.catalog.card import BaseModelCard
from worker.engine.tasks.classification import features as features_module
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.features import Features
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.linear_probe import Probe, fit_chosen_probe

SPLITS = {
    "train": Encoded([[2, 5, 3], [2, 6, 3], [2, 7, 3], [2, 8, 3]], [0, 0, 1, 1], 0),
    "test": Encoded([[2, 9, 3]], [1], 0),
}


def fitted(features: Features, splits=SPLITS) -> Probe:
    labels = splits["train"].labels
    return features.probe(repr(labels), lambda vectors: fit_chosen_probe(vectors, labels, 2))


@pytest.fixture
def make(classifier: PooledClassifier, tiny_base: tuple[BaseModelCard, Path], evaluation: EvaluationLoop):
    def features(cache: Path | None, base_precision: str = "full", splits=SPLITS, **card: str) -> Features:
        return Features(classifier, replace(tiny_base[0], **card), splits, evaluation, cache, base_precision)

    return features


def test_vectors_are_those_of_the_model_and_are_read_back(make, classifier: PooledClassifier, tmp_path: Path) -> None:
    ids = torch.tensor(SPLITS["train"].tokens)
    with torch.no_grad():
        expected = classifier.features(ids, torch.ones_like(ids))
    assert torch.allclose(make(tmp_path).of("train"), expected, atol=1e-6)
    torch.nn.init.zeros_(classifier.encoder.embeddings.LayerNorm.weight)
    # Kept under the same key, so the changed weights are not asked.
    assert torch.allclose(make(tmp_path).of("train"), expected, atol=1e-6)
    assert not torch.allclose(make(None).of("train"), expected, atol=1e-3)


def test_other_weights_pooling_precision_and_rows_have_files_of_their_own(make, tmp_path: Path) -> None:
    variants = [{}, {"weights_sha256": "other"}, {"pooling": "first"}, {"base_precision": "nf4"}]
    for variant in variants:
        make(tmp_path, **variant).of("train")
        make(tmp_path, **variant).of("train")
    make(tmp_path).of("test")
    assert len(list((tmp_path / "features").iterdir())) == len(variants) + 1


def test_probe_is_fitted_once_for_the_same_labels(make, tmp_path: Path) -> None:
    first = fitted(make(tmp_path))
    assert first.logits(make(tmp_path).of("train")).argmax(-1).tolist() == [0, 0, 1, 1]
    files = len(list((tmp_path / "features").iterdir()))
    again = fitted(make(tmp_path))
    assert torch.equal(first.weight, again.weight) and torch.equal(first.bias, again.bias)
    assert len(list((tmp_path / "features").iterdir())) == files
    other = {**SPLITS, "train": replace(SPLITS["train"], labels=[1, 1, 0, 0])}
    assert fitted(make(tmp_path, splits=other), other).logits(make(None).of("train")).argmax(-1).tolist() == [
        1,
        1,
        0,
        0,
    ]


def test_vectors_beyond_the_limit_are_not_kept(make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Four rows of 32 numbers of four bytes.
    monkeypatch.setattr(features_module, "MAX_BYTES", 4 * 32 * 4 - 1)
    make(tmp_path).of("train")
    assert not (tmp_path / "features").exists()
    monkeypatch.setattr(features_module, "MAX_BYTES", 4 * 32 * 4)
    make(tmp_path).of("train")
    assert len(list((tmp_path / "features").iterdir())) == 1
