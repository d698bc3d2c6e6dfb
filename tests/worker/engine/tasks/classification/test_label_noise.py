"""Planted wrong labels come first in the ranking; on real intents where the project's data is there, else on clouds."""

import csv
import random
from pathlib import Path

import pytest
import torch

from app.catalog.base_models import STARTER_ENCODER, base_model_path
from worker.engine.batching.batches import collate, plan_reading
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.classification.label_noise import rank_doubts
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
    by_place = {rank_doubt.row: rank_doubt for rank_doubt in rank_doubts(points, labels, 3)}
    for place in (0, 17, 39):
        others = [n for n in range(40) if n != place]
        design = torch.cat([points[others], torch.ones(39, 1)], dim=1).double()
        targets = torch.nn.functional.one_hot(torch.tensor([labels[n] for n in others]), 3).double()
        weights = torch.linalg.solve(design.T @ design + torch.eye(5).double(), design.T @ targets)
        scores = torch.cat([points[place], torch.ones(1)]).double() @ weights
        other = max(float(scores[n]) for n in range(3) if n != labels[place])
        assert by_place[place].margin == pytest.approx(float(scores[labels[place]]) - other, abs=1e-6)


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
