"""Candidates of an experiment: grids, random draws, and their budgets."""

from app.catalog.training import TrainingSettings
from app.services.experiments import candidates

LORA, FULL = {"kind": "lora"}, {"kind": "full"}


def test_grid_takes_every_combination_a_method_has() -> None:
    vary = {"method.rank": [4, 8], "training.epochs": [1, 2, 3]}
    found = candidates.make_candidates([LORA, FULL], vary=vary)
    assert len(found) == 2 * 3 + 3  # full tuning has no rank
    assert len({candidate.title for candidate in found}) == 9
    epochs = str(TrainingSettings.model_fields["epochs"].title).split(" (")[0].lower()
    assert found[0].title == f"LoRA, rank 4, {epochs} 1"
    assert found[0].method == {"kind": "lora", "rank": 4} and found[0].training == {"epochs": 1}


def test_random_search_stays_in_range_and_budget_and_is_reproducible() -> None:
    vary = {"training.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True}, "method.rank": [4, 8]}
    found = candidates.make_candidates([LORA], vary=vary, search="random", max_runs=10, seed=3)
    rates = [candidate.training["learning_rate"] for candidate in found]
    assert len(set(rates)) == 10 and all(1e-5 <= rate <= 1e-2 for rate in rates)
    assert sum(rate < 3e-4 for rate in rates) >= 2, "logarithmic: small rates come up as often as large ones"
    assert found == candidates.make_candidates([LORA], vary=vary, search="random", max_runs=10, seed=3)
    assert len(candidates.make_candidates([LORA], vary={"method.rank": [4, 8]}, search="random", max_runs=9)) == 2
