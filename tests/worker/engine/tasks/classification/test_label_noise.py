"""Planted wrong labels come first in the ranking; on real intents where the project's data is there, else on clouds."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from app.catalog.base_models import STARTER_ENCODER, base_model_path
from worker.engine.batching.batches import collate, plan_reading
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.classification.label_noise import LeaveOneOutProbe, fitted_scale, rank_doubts
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

BANKING = Path(__file__).resolve().parents[6] / "shared" / "data" / "banking77" / "train.csv"
ROWS = 1500


def flipped(labels: list[int], count: int, share: float, seed: int) -> tuple[list[int], set[int]]:
    rng = random.Random(seed)
    places = set(rng.sample(range(len(labels)), round(share * len(labels))))
    return [rng.choice([n for n in range(count) if n != y]) if p in places else y for p, y in enumerate(labels)], places


def found(ranking, planted: set[int], share: float) -> float:
    top = {entry.row for entry in ranking[: round(share * len(ranking))]}
    return len(top & planted) / len(planted)


def test_wrong_labels_among_clouds_of_points_come_first():
    rng = torch.Generator().manual_seed(1)
    centres = torch.randn(5, 16, generator=rng)
    true = [n % 5 for n in range(500)]
    points = centres[true] + 0.3 * torch.randn(500, 16, generator=rng)
    labels, planted = flipped(true, 5, 0.05, seed=2)
    ranking = rank_doubts(points, labels, 5)
    assert found(ranking, planted, 0.06) == 1.0
    worst = ranking[0]
    assert worst.suggested == true[worst.row] and worst.given == labels[worst.row] and worst.margin < 0
    assert sorted(entry.row for entry in ranking) == list(range(500))


def test_a_row_is_judged_by_the_others_only():
    """Leaving a row out by the formula is the same as fitting without it."""
    rng = torch.Generator().manual_seed(3)
    points = torch.randn(40, 4, generator=rng)
    labels = [n % 3 for n in range(40)]
    (_rows, left_out), *_none = LeaveOneOutProbe(points, np.asarray(labels), 3).scores()
    for place in (0, 17, 39):
        others = [n for n in range(40) if n != place]
        design = torch.cat([points[others], torch.ones(39, 1)], dim=1).double()
        targets = torch.nn.functional.one_hot(torch.tensor([labels[n] for n in others]), 3).double()
        weights = torch.linalg.solve(design.T @ design + torch.eye(5).double(), design.T @ targets)
        scores = torch.cat([points[place], torch.ones(1)]).double() @ weights
        assert left_out[place] == pytest.approx(scores.numpy(), abs=1e-6)


def test_probe_that_guesses_is_not_confident():
    """Overlapping clouds: a third of the predictions is wrong, and far fewer count as doubts, the first of the ranking."""
    rng = torch.Generator().manual_seed(4)
    true = [n % 3 for n in range(600)]
    points = torch.eye(3, 16)[true] * 1.6 + torch.randn(600, 16, generator=rng)
    ranking = rank_doubts(points, true, 3)
    disagreeing, confident = (sum(found) for found in ([d.margin < 0 for d in ranking], [d.confident for d in ranking]))
    assert disagreeing > 100 and confident < 0.6 * disagreeing
    assert [doubt.confident for doubt in ranking] == sorted((doubt.confident for doubt in ranking), reverse=True)


def test_scale_makes_the_given_labels_likeliest():
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert fitted_scale(scores, np.array([0, 1])) > 50
    assert fitted_scale(scores, np.array([1, 0])) == pytest.approx(1)


@pytest.mark.skipif(not BANKING.exists(), reason="the real data is not on this machine")
def test_five_percent_wrong_intents_are_found():
    with BANKING.open(encoding="utf-8", newline="") as source:
        rows = random.Random(5).sample(list(csv.reader(source))[1:], ROWS)
    names = sorted({row[1] for row in rows})
    labels, planted = flipped([names.index(row[1]) for row in rows], len(names), 0.05, seed=7)
    folder = base_model_path("starter-encoder")
    tokenizer = load_tokenizer(folder)
    model = PooledClassifier(load_encoder(folder, STARTER_ENCODER), make_head(384, 2), STARTER_ENCODER).eval()
    tokens = tokenizer([row[0] for row in rows], truncation=True, max_length=64)["input_ids"]
    features = torch.empty(len(rows), 384)
    with torch.no_grad():
        for some in plan_reading([len(ids) for ids in tokens]):
            features[some] = model.features(*collate(tokens, some, tokenizer.pad_token_id))
    assert found(rank_doubts(features, labels, len(names)), planted, 0.08) >= 0.6
