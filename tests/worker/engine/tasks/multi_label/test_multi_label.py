"""A whole run with several labels for each text: its results, its answers, its download, and folds."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from tests.tiny import LABELS
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.multi_label.multi_label import MultiLabel
from worker.engine.tasks.multi_label.predict import SetPredictor


def test_results_have_every_score_beside_every_baseline(trained_sets: tuple[TrainingJob, dict]) -> None:
    results = trained_sets[1]
    assert list(results["metrics"]) == ["micro_f1", "macro_f1", "average_precision", "exact_set", "loss"]
    assert set(results["baseline"]) == set(results["paired"]) == {"majority", "tfidf", "linear_probe"}
    low, high = results["intervals"]["micro_f1"]
    assert low <= results["metrics"]["micro_f1"] <= high
    # The clues are words of the text, so what knows the words is far better than one label for all.
    assert results["metrics"]["micro_f1"] > results["baseline"]["majority"]["micro_f1"] + 0.2
    assert set(results["thresholds"]) == set(LABELS) == {row["label"] for row in results["per_class"]}


def test_download_gives_the_answers_of_the_run(trained_sets: tuple[TrainingJob, dict]) -> None:
    job, _ = trained_sets
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    predictor = SetPredictor(job.folder / "adapter", job.base_folder, job.base)
    answers = predictor.predict([row["input"] for row in rows])
    assert [json.dumps(sorted(answer["labels"])) for answer in answers] == [row["answer"] for row in rows]
    for row, answer in zip(rows, answers, strict=True):
        least = min(share if name in answer["labels"] else 1 - share for name, share in answer["probabilities"].items())
        assert row["score"] == pytest.approx(least, abs=1e-5)


def test_loss_is_the_mean_over_labels(sets_job: Callable[[], TrainingJob]) -> None:
    family = MultiLabel(sets_job(), ListReport(), Accelerator(cpu=True))
    logits, targets = torch.tensor([[0.0, 2.0, -1.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    by_hand = (torch.log1p(torch.exp(-logits[0, 0])) + torch.log1p(torch.exp(logits[0, 1:])).sum()) / 3
    assert float(family.loss_sum(logits, targets)) == pytest.approx(float(by_hand), abs=1e-6)


def _rows(fold: dict[str, Any], part: slice) -> dict[str, Any]:
    """Some rows of what was held out."""
    return {
        name: {key: rows[part] for key, rows in found.items()} if isinstance(found, dict) else found[part]
        for name, found in fold.items()
    }


def test_folds_answer_with_thresholds_of_their_own(sets_job: Callable[[], TrainingJob]) -> None:
    family = MultiLabel(sets_job(), ListReport(), Accelerator(cpu=True))
    torch.manual_seed(0)
    family.read()
    family.load()
    family.measure_base()
    family.model.eval()
    family.test()
    alone = family.results()
    fold = json.loads(json.dumps(family.held_out()))
    family.thresholds = family.thresholds + 9
    family.pool([_rows(fold, slice(0, 4)), _rows(fold, slice(4, None))])
    assert family.results().metrics == pytest.approx(alone.metrics)
    assert family.results().baseline == alone.baseline


def test_cached_answers_are_those_of_the_same_labels_in_the_same_order(
    sets_job: Callable[[], TrainingJob], tmp_path: Path
) -> None:
    def measured(names: list[str]) -> MultiLabel:
        job = sets_job()
        spec = job.spec.model_copy(update={"labels": names})
        family = MultiLabel(replace(job, spec=spec, cache=tmp_path), ListReport(), Accelerator(cpu=True))
        family.read()
        family.load()
        family.measure_base()
        return family

    names = list(sets_job().spec.labels)
    first, turned, again = measured(names), measured(names[::-1]), measured(names)
    assert torch.allclose(turned.probe.weight, first.probe.weight.flip(0), atol=1e-4)
    assert [answer[::-1] for answer in turned.baseline_answers["tfidf"]] == first.baseline_answers["tfidf"]
    assert torch.equal(again.probe.weight, first.probe.weight)
