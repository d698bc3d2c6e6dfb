"""Verdicts and sentences on tasks whose answers are scored all together."""

from typing import Any

import pytest

from app.catalog.paired_tests import PairedTest
from app.services.evaluation import headline, score_verdicts, verdicts
from tests.app.services.evaluation.runs_of_all_kinds import numbers, preferences, scored, targets

BETTER, CHANCE, WORSE = ((0.05, 0.15), 0.001), ((-0.02, 0.012), 0.6), ((-0.1, -0.03), 0.01)


def pair(interval: tuple[float, float], p_value: float) -> dict[str, Any]:
    return PairedTest(300, sum(interval) / 2, interval, p_value, 30, 20).as_json()


def titles(run: Any) -> list[str]:
    return [verdict.title for verdict in verdicts.assess(run, {})]


def test_a_run_that_beats_probe_and_floor_is_praised_with_its_numbers() -> None:
    run = scored(0.85, (0.82, 0.88), probe=0.75, pairs={"majority": pair(*BETTER), "linear_probe": pair(*BETTER)})
    found = next(verdict for verdict in verdicts.assess(run, {}) if verdict.severity == "good")
    assert found.title == "Clearly better than the linear probe on the base model."
    assert found.evidence.startswith("Micro-F1 85.0 % fine-tuned, 75.0 % linear probe")
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "good_enough"
    assert sentence.sentence == (
        "Micro-F1 85.0 % on 300 test rows (95 % interval 82.0 % to 88.0 %): good enough where 80 % is needed."
    )


def test_chance_is_said_and_a_simpler_model_that_certainly_suffices_is_named() -> None:
    run = scored(0.76, (0.7, 0.8), probe=0.75, pairs={"majority": pair(*BETTER), "linear_probe": pair(*CHANCE)})
    assert "Tuning is not worth it here: linear probe on the base model does as well." in titles(run)
    assert "The difference from the linear probe on the base model may be chance." in titles(run)


def test_worse_than_the_probe_is_a_warning() -> None:
    run = scored(0.7, (0.65, 0.75), probe=0.8, pairs={"majority": pair(*BETTER), "linear_probe": pair(*WORSE)})
    assert "Fine-tuning did not improve on the linear probe on the base model." in titles(run)


def test_no_better_than_one_answer_for_all_is_an_error_and_no_sentence_praises_it() -> None:
    run = scored(0.4, (0.35, 0.45), probe=0.5, pairs={"majority": pair(*WORSE)}, majority=0.45)
    assert verdicts.assess(run, {})[0].title == "No better than the majority class."
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "not_yet" and "which reaches 45.0 %" in sentence.sentence


def test_labels_that_are_mostly_missed_and_wide_intervals_are_named() -> None:
    missed = [{"label": "rare", "count": 40, "recall": 0.1, "f1": 0.1}, {"label": "often", "count": 90, "recall": 0.9}]
    run = scored(0.82, (0.7, 0.9), probe=0.7, pairs={"majority": pair(*BETTER)}, per_class=missed)
    assert "Low recall: some labels are mostly missed." in titles(run)
    assert "Too few rows to say precisely how good it is." in titles(run)


@pytest.mark.parametrize(("values", "said"), [([0.5, 0.7, 0.69, 0.68], True), ([0.5, 0.6, 0.7, 0.71], False)])
def test_checks_without_gain_are_told(values: list[float], said: bool) -> None:
    run = scored(0.7, (0.65, 0.75), probe=0.6, pairs={})
    points = {"eval/micro_f1": [[step + 1, value] for step, value in enumerate(values)]}
    assert (score_verdicts.stopped_improving(run, points) is not None) is said


@pytest.mark.parametrize(
    ("value", "against_probe", "conclusion", "words"),
    [
        (0.88, BETTER, "good_enough", "good enough where 0.80 is needed."),
        # A high number is no praise where the ridge regression reaches it as well.
        (
            0.88,
            CHANCE,
            "cannot_tell",
            "0.80 is reached, but it is not better for certain than linear probe on the base model",
        ),
        (0.6, BETTER, "not_yet", "not yet where 0.80 is needed."),
    ],
)
def test_numbers_are_praised_only_where_they_beat_what_needs_no_tuning(
    value: float, against_probe: Any, conclusion: str, words: str
) -> None:
    pairs = {"mean": pair(*BETTER), "linear_probe": pair(*against_probe)}
    run = numbers(value, (value - 0.03, value + 0.03), probe=value - 0.01, pairs=pairs)
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == conclusion and words in sentence.sentence
    assert sentence.sentence.startswith(f"Pearson correlation {value:.3f} on 300 test rows (95 % interval")


def test_probe_that_was_kept_is_no_rival_of_itself() -> None:
    pairs = {"mean": pair(*BETTER), "linear_probe": pair(*CHANCE)}
    run = numbers(0.88, (0.85, 0.91), probe=0.88, pairs=pairs, start_validation={"pearson": 0.9}, best_step=0)
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "good_enough"


def test_texts_that_beat_copy_and_base_are_better_and_still_to_be_read() -> None:
    run = targets(0.7, (0.65, 0.75), pairs={"copy": pair(*BETTER), "untouched": pair(*BETTER)})
    assert "Clearly better than the base model." in titles(run)
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "cannot_tell"
    assert sentence.sentence.startswith("chrF 70.0 % on 300 test rows (95 % interval 65.0 % to 75.0 %): cannot tell")
    assert "read some" in sentence.sentence


def test_sources_that_were_drawn_are_said_to_be_some_of_all() -> None:
    pairs = {"copy": pair(*BETTER), "untouched": pair(*BETTER)}
    sentence = headline.headline("succeeded", targets(0.7, (0.65, 0.75), pairs=pairs, sources=1200).results)
    assert sentence is not None and sentence.sentence.startswith("chrF 70.0 % on 300 of 1,200 test sources (95 %")


def test_texts_no_better_than_their_source_are_an_error() -> None:
    run = targets(0.45, (0.4, 0.5), pairs={"copy": pair(*WORSE), "untouched": pair(*BETTER)})
    assert verdicts.assess(run, {})[0].title == "No better than the copy of the source."
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "not_yet"


def test_texts_that_repeat_themselves_are_not_ready_whatever_their_score() -> None:
    run = targets(
        0.7,
        (0.65, 0.75),
        pairs={"copy": pair(*BETTER), "untouched": pair(*BETTER)},
        answer_repeats={"repeating": 200, "base": 0},
    )
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and sentence.conclusion == "not_yet" and "repeat" in sentence.sentence


def test_pairs_of_answers_to_different_requests_are_held_against_guessing_alone() -> None:
    tests = {"longer_answer": pair(*BETTER), "untouched": pair(*BETTER)}
    assert "Clearly better than the base model." in titles(preferences(0.8, (0.75, 0.85), paired=tests))
    run = preferences(
        0.8, (0.75, 0.85), unlike_pairs=120, marked=True, baseline={"untouched": {"chosen_perplexity": 10.0}}
    )
    assert not any(verdict.severity == "good" for verdict in verdicts.assess(run, {}))
    said = next(verdict for verdict in verdicts.assess(run, {}) if "guessing alone" in verdict.title)
    assert "120 of 300 test pairs" in said.evidence and "guessing reaches 50.0 %" in said.evidence
    sentence = headline.headline("succeeded", run.results)
    assert sentence is not None and "base model" not in sentence.sentence
