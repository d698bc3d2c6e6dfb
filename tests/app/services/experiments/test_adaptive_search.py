"""Adaptive search: proposals inside the ranges that improve; successive halving by the published rule."""

import itertools
import math

from app.services.experiments import adaptive_search
from app.services.experiments.adaptive_search import ObservedTrial

METHODS = [{"kind": "lora"}]
VARY = {"training.learning_rate": {"low": 1e-5, "high": 1e-1, "log": True}, "method.rank": [4, 8, 16]}


def score(settings: dict) -> float:
    """A valley with its floor at 1e-3 and rank 8."""
    return 1 - abs(math.log10(settings["training.learning_rate"]) + 3) / 4 - 0.1 * (settings["method.rank"] != 8)


def search(runs: int, seed: int) -> list[tuple[dict, float]]:
    trials: list[ObservedTrial] = []
    for _ in range(runs):
        index, settings = adaptive_search.propose(METHODS, VARY, trials, higher=True, seed=seed) or (0, {})
        trials.append(ObservedTrial(index, settings, "finished", [(float(len(trials)), 100, score(settings))]))
    return [(dict(trial.settings), score(dict(trial.settings))) for trial in trials]


def test_later_proposals_are_better_than_random_draws() -> None:
    searches = [search(24, seed) for seed in range(5)]
    for settings, _ in itertools.chain(*searches):
        assert 1e-5 <= settings["training.learning_rate"] <= 1e-1 and settings["method.rank"] in (4, 8, 16)
    last = [value for found in searches for _, value in found[-8:]]
    # Uniform draws would score 1 - 1/4 - 0.1 * 2/3 on average: the mean distance from the floor, and two ranks of three.
    assert sum(last) / len(last) > 0.683 + 0.1
    assert all(max(value for _, value in found) > 0.85 for found in searches)


def test_the_same_runs_give_the_same_proposal() -> None:
    trials = [ObservedTrial(0, {"training.learning_rate": 0.001, "method.rank": 8}, "finished", [(1.0, 100, 0.9)])]
    assert adaptive_search.propose(METHODS, VARY, trials, higher=True, seed=1) == adaptive_search.propose(
        METHODS, VARY, trials, higher=True, seed=1
    )


def test_search_minimises_where_lower_is_better() -> None:
    vary = {"training.learning_rate": {"low": 0.0, "high": 1.0}}
    trials: list[ObservedTrial] = []
    for at in range(24):
        _, settings = adaptive_search.propose(METHODS, vary, trials, higher=False, seed=3) or (0, {})
        rate = settings["training.learning_rate"]
        trials.append(ObservedTrial(0, settings, "finished", [(float(at), 100, 10 + rate)]))
    late = [trial.settings["training.learning_rate"] for trial in trials[-8:]]
    assert sum(late) / len(late) < 0.35


def test_search_ends_when_every_combination_was_tried() -> None:
    vary = {"method.rank": [4, 8]}
    trials = [ObservedTrial(0, {"method.rank": rank}, "finished", [(1.0, 100, 0.5)]) for rank in (4, 8)]
    assert adaptive_search.propose(METHODS, vary, trials, higher=True, seed=0) is None


def test_halving_keeps_the_better_half_at_each_rung() -> None:
    # By hand: at 20 % the values so far are compared; the first run always passes, a later one only in the better half.
    curves = {"first": (0.5, 0.6), "better": (0.7, 0.8), "worse": (0.3, 0.9), "middling": (0.55, 0.6)}
    trials = [
        ObservedTrial(0, {"method.rank": 4 + index}, "working", [(10.0 * index, 20, low), (10.0 * index + 1, 40, high)])
        for index, (low, high) in enumerate(curves.values())
    ]
    vary = {"method.rank": [4, 5, 6, 7]}
    pruned = adaptive_search.to_prune(METHODS, vary, trials, higher=True)
    # `middling` is second of four at 20 % and goes on; at 40 % only two of first, better, middling may lead: one of three.
    assert pruned == {2: 20, 3: 40}
    # Where lower is better: 0.7 is behind 0.5, 0.3 leads until its 0.9, and 0.55 is third of four.
    assert adaptive_search.to_prune(METHODS, vary, trials, higher=False) == {1: 20, 2: 40, 3: 20}
