"""Rows that learn from preferences: what a loss needs, and the distance that an update shares."""

from typing import Any

import numpy as np
import pytest
import torch

from app.errors import StudioError
from tests.tiny_generation import talk
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.preference.data import TokenizedAnswers
from worker.engine.tasks.preference.training_rows import MarkedRows, PairRows, PreferenceSettings

CPU = torch.device("cpu")


@pytest.fixture
def split(examples_of: Any) -> TokenizedAnswers:
    answers = examples_of(talk("Hi", "Yes"), talk("Hi", "Noo"), talk("Ho", "Aye"), talk("Ho", "Nay"))
    return TokenizedAnswers(answers, 0, 0, [(0, 1), (2, 3)], [True, False, True, False], False)


def test_pairs_count_both_answers_and_need_a_reference(split: TokenizedAnswers, model: CausalLM) -> None:
    rows = PairRows(split, PreferenceSettings("dpo", 0.1, 0.0, (1.0, 1.0)), 0, CPU)
    assert rows.lengths == [len(split.examples[0].ids) * 2] * 2 and rows.weight([[0], [1]]) == 2.0
    with pytest.raises(StudioError, match="before training"):
        rows.loss(model, [0])
    rows.reference = -np.ones(4)
    single = [float(rows.loss(model, [row]).detach()) for row in (0, 1)]
    assert float(rows.loss(model, [0, 1]).detach()) == pytest.approx(sum(single), rel=1e-5)
    free = PairRows(split, PreferenceSettings("simpo", 2.0, 1.0, (1.0, 1.0)), 0, CPU)
    assert torch.isfinite(free.loss(model, [0, 1]))


def test_the_distance_of_an_update_is_the_same_for_all_its_parts(split: TokenizedAnswers, model: CausalLM) -> None:
    settings = PreferenceSettings("kto", 0.5, 0.0, (1.0, 2.0))
    rows = MarkedRows(split, settings, 0, CPU, split.examples[2:] + split.examples[:2])
    rows.reference, rows.others_reference = np.full(4, -20.0), np.full(4, -60.0)
    rows.begin([[0, 1, 2, 3]])
    assert rows.weight([[0, 1, 2, 3]]) == 4.0
    whole = float(rows.loss(model, [0, 1, 2, 3]).detach())
    rows.begin([[0], [1, 2], [3]])
    parts = 0.0
    for part in ([0], [1, 2], [3]):
        # Asking for a weight changes nothing.
        rows.weight([[0]])
        parts += float(rows.loss(model, part).detach())
    assert parts == pytest.approx(whole, rel=1e-5)
    assert model.training is False
