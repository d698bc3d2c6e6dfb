"""Verdicts on classifiers against baselines, by the rows that only one of the two got right."""

from app.models import Run
from app.services.evaluation.label_verdicts import (
    against_base,
    against_majority,
    as_good_without,
    missed_labels,
    predicted_by_one_text,
)
from tests.app.services.evaluation.runs_of_all_kinds import labels


def test_a_baseline_is_named_only_where_the_gain_is_certainly_small() -> None:
    def title(run: Run) -> str | None:
        found = as_good_without(run, {})
        return found.title if found else None

    assert (
        title(labels(2800, 3080, tfidf=(60, 55)))
        == "Tuning is not worth it here: TF-IDF + logistic regression does as well."
    )
    assert (
        title(labels(700, 1000, tfidf=(20, 80)))
        == "Tuning is not worth it here: TF-IDF + logistic regression does better."
    )
    # No significant difference on a hundred rows shows nothing, and a significant one is worth it.
    assert title(labels(90, 100, tfidf=(5, 4))) is None
    assert title(labels(2900, 3080, tfidf=(150, 55))) is None


def test_equal_numbers_on_few_rows_advise_nothing() -> None:
    found = against_base(labels(7, 12, probe=(1, 1)), {})
    assert found is not None and found.severity == "info" and "so few rows" in found.evidence


def test_the_probe_is_beaten_by_paired_rows_not_by_intervals() -> None:
    found = against_base(labels(59, 60, majority=20, probe=(6, 0)), {})
    assert found is not None and found.severity == "good" and "p = 0.031" in found.evidence


def test_no_praise_where_it_may_be_no_better_than_the_majority_class() -> None:
    assert against_base(labels(960, 1000, majority=955, probe=(100, 10)), {}) is None


def test_labels_of_a_few_rows_are_not_called_missed() -> None:
    assert missed_labels(labels(90, 100, classes={"a": (2, 0.0), "b": (5, 0.4)}), {}) is None
    found = missed_labels(labels(90, 100, classes={"a": (20, 0.1)}), {})
    assert found is not None and "a (10% of 20)" in found.evidence


def test_a_run_whose_loss_rose_is_reported_to_lower_the_rate_and_says_nothing_about_tuning() -> None:
    run = labels(6, 30, majority=6, probe=(0, 21), tfidf=(0, 24))
    run.spec |= {"method": {"kind": "lora"}}
    # The loss per update of a run with the rate 0.9 on 240 rows, eight updates.
    points = {
        "train/loss": [[step, loss] for step, loss in enumerate((0.07, 9.9, 11.2, 14.0, 16.8, 17.5, 23.7, 18.3), 1)],
        "train/learning_rate": [[1, 0.9]],
    }
    found = against_majority(run, points)
    assert found is not None and found.tip == "The training loss rose: lower the learning rate."
    assert found.remedy is not None and found.remedy.training == {"learning_rate": None}
    assert as_good_without(run, points) is None
    # A rate within three times the recommended one is lowered to a third.
    assert against_majority(run, points | {"train/learning_rate": [[1, 1e-3]]}).remedy.training == {
        "learning_rate": 0.00033
    }


def test_a_perfect_word_list_beside_a_perfect_model_is_named() -> None:
    found = as_good_without(labels(400, 400, tfidf=(0, 0)), {})
    assert found is not None and found.title.endswith("TF-IDF + logistic regression does as well.")


def test_a_text_that_tells_most_labels_by_itself_is_named() -> None:
    run = labels(900, 1000, majority=500)
    alone = {"accuracy": 0.84}
    results = {
        **run.results,
        "baseline": {**run.results["baseline"], "first_text": {"accuracy": 0.55}, "second_text": alone},
    }
    run.results = results
    found = predicted_by_one_text(run, {})
    # 34 of the 40 points over the majority class.
    assert found is not None and "second text alone reaches 84.0 %" in found.evidence and found.major
    # Three quarters of them, and of a model that hardly beats the majority class nearly all of nothing.
    alone["accuracy"] = 0.80
    assert predicted_by_one_text(run, {}) is None
    assert predicted_by_one_text(labels(900, 1000, majority=500), {}) is None
