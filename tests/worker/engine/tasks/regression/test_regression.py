"""A whole run with two numbers for each text: its results, its answers, its download, and folds."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from scipy import stats

from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.regression.predict import NumberPredictor
from worker.engine.tasks.regression.regression import Regressor


def stored_rows(job: TrainingJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]


def test_results_are_those_of_the_stored_answers(trained_numbers: tuple[TrainingJob, dict]) -> None:
    job, results = trained_numbers
    assert list(results["metrics"]) == ["pearson", "spearman", "r2", "loss"]
    assert set(results["baseline"]) == set(results["paired"]) == {"mean", "tfidf_ridge", "linear_probe"}
    rows = stored_rows(job)
    given, expected = ([json.loads(row[side]) for row in rows] for side in ("answer", "expected"))
    for number in results["per_number"]:
        name = number["label"]
        one, other = ([row[name] for row in side] for side in (given, expected))
        assert number["pearson"] == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-6)
        assert f"of `{name}`: {number['mae']:.4g}" in (job.folder / "adapter" / "README.md").read_text()
        assert number["spearman"] == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-6)
    assert results["metrics"]["r2"] == pytest.approx(np.mean([number["r2"] for number in results["per_number"]]))
    for name, (low, high) in results["intervals"].items():
        assert low <= results["metrics"][name] <= high
    # The clues are words of the text, so what knows the words is far better than the mean.
    assert results["baseline"]["mean"]["pearson"] == 0 and results["metrics"]["pearson"] > 0.2


def test_farthest_answers_come_first(trained_numbers: tuple[TrainingJob, dict]) -> None:
    job, results = trained_numbers
    distances = [row["score"] for row in stored_rows(job)]
    assert distances == sorted(distances, reverse=True)
    assert results["mean_distance"] == pytest.approx(np.mean(distances))


def test_download_gives_the_answers_of_the_run(trained_numbers: tuple[TrainingJob, dict]) -> None:
    job, _ = trained_numbers
    rows = stored_rows(job)
    answers = NumberPredictor(job.folder / "adapter", job.base_folder, job.base).predict(
        [tuple(json.loads(row["input"])) for row in rows]
    )
    for row, answer in zip(rows, answers, strict=True):
        assert answer["numbers"] == pytest.approx(json.loads(row["answer"]), abs=1e-2)
    # Words of a text times a hundred, and clues: the mean of a number says in which unit it is.
    assert answers[0]["means"]["length"] > 300 and answers[0]["means"]["cards"] < 3


def test_loss_is_hubers_on_standardised_numbers(numbers_job: Callable[[], TrainingJob]) -> None:
    family = Regressor(numbers_job(), ListReport(), Accelerator(cpu=True))
    # Half the square up to a distance of 1, then the distance less a half (Huber 1964); the mean of both numbers.
    found = family.loss_sum(torch.tensor([[0.5, 3.0]]), torch.zeros(1, 2))
    assert float(found) == pytest.approx((0.125 + 2.5) / 2)


def test_folds_answer_with_scales_of_their_own(numbers_job: Callable[[], TrainingJob]) -> None:
    family = Regressor(numbers_job(), ListReport(), Accelerator(cpu=True))
    torch.manual_seed(0)
    family.read()
    family.load()
    family.measure_base()
    family.model.eval()
    family.test()
    train = np.array(family.encoded["train"].labels)
    assert np.allclose(train.mean(0), 0) and np.allclose(train.std(0), 1)
    # The head starts from the ridge regression, so it answers as that does.
    probe = family.results()
    assert probe.metrics == pytest.approx(probe.baseline["linear_probe"], abs=1e-5)
    fold = json.loads(json.dumps(family.held_out()))
    family.scale.mean[:] += 9
    parts = [{name: _part(found, part) for name, found in fold.items()} for part in (slice(0, 4), slice(4, None))]
    family.pool(parts)
    assert family.results().metrics == pytest.approx(probe.metrics, abs=1e-9)


def _part(found: Any, part: slice) -> Any:
    return {key: rows[part] for key, rows in found.items()} if isinstance(found, dict) else found[part]
