"""The card of a model that was tuned by preferences."""

from dataclasses import replace
from pathlib import Path

from app.catalog.card import BaseModelCard
from tests.worker.engine.reporting.test_results import RUN
from tests.worker.engine.tasks.preference.conftest import preference_spec
from worker.engine.reporting.results import PreferenceResults
from worker.engine.tasks.preference.card import model_card

TASK = PreferenceResults(
    metrics={"preference_accuracy": 0.75, "reward_margin": 0.4, "kl": 0.02, "chosen_perplexity": 12.5},
    intervals={"preference_accuracy": [0.6, 0.87]},
    baseline={"longer_answer": {"preference_accuracy": 0.7}, "untouched": {"preference_accuracy": 0.5}},
    labels=[],
    test_rows=40,
    cut_rows=3,
    paired={},
    length_bias={"pairs": 38.0, "data": 0.7, "tuned": 0.9, "base": 0.5},
    loss="simpo",
    beta=2.0,
    marked=False,
    template="plain turns",
    system_prompt="",
    left_out_rows=0,
)


def test_card_states_accuracy_baselines_and_length(chat_base: tuple[BaseModelCard, Path]) -> None:
    text = model_card(preference_spec(), chat_base[0], replace(RUN, task=TASK))
    assert "between 60.0% and 87.0% (95 % interval)" in text and "guessing reaches 50 %" in text
    assert "| Preference accuracy | 0.7500 | 0.7000 | 0.5000 |" in text
    assert "SimPO (simple preference optimisation, Meng et al. 2024), beta 2" in text
    assert (
        "the longer one is the better one in 70%; this model prefers the longer one in 90%, the base model in 50%"
        in text
    )


def test_card_says_how_marked_answers_were_put_together(chat_base: tuple[BaseModelCard, Path]) -> None:
    marked = replace(
        TASK, marked=True, unlike_pairs=12, baseline={"untouched": {"chosen_perplexity": 9.0}}, length_bias={}
    )
    text = model_card(preference_spec(marks=True), chat_base[0], replace(RUN, task=marked))
    assert "In 12 of 40 pairs the two answer different requests" in text and "only guessing" in text
