"""A whole run that compares two texts: its results, its answers, its download, and folds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.predict import Predictor
from worker.engine.tasks.pairs.pairs import Pairs

BASELINES = ["majority", "first_text", "second_text", "tfidf", "vectors_apart", "linear_probe"]


def measured(job: TrainingJob) -> Pairs:
    """The family of a job whose base model has been measured."""
    torch.manual_seed(0)
    family = Pairs(job, ListReport(), Accelerator(cpu=True))
    family.read()
    family.load()
    family.measure_base()
    return family


def test_results_have_every_score_beside_every_baseline(trained_pairs: tuple[TrainingJob, dict]) -> None:
    results = trained_pairs[1]
    assert list(results["metrics"]) == ["accuracy", "macro_f1", "auc", "loss"]
    assert list(results["baseline"]) == list(results["discordant"]) == BASELINES
    for key, (low, high) in results["intervals"].items():
        assert low <= results["metrics"][key] <= high
    assert set(results["intervals"]) == {"accuracy", "macro_f1", "auc"}
    # The share of a label is the same for every row, and no order.
    assert results["baseline"]["majority"]["auc"] == 0.5
    # Words of one text say nothing about whether the other one has the same; how many they share does.
    assert results["baseline"]["tfidf"]["accuracy"] == 1 > results["baseline"]["first_text"]["accuracy"]


def test_download_gives_the_answers_of_the_run(trained_pairs: tuple[TrainingJob, dict]) -> None:
    job, _ = trained_pairs
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    answers = Predictor(job.folder / "adapter", job.base_folder, job.base).predict(
        [tuple(json.loads(row["input"])) for row in rows]
    )
    assert [answer["label"] for answer in answers] == [row["answer"] for row in rows]
    shares = [answer["probabilities"][answer["label"]] for answer in answers]
    assert shares == pytest.approx([row["score"] for row in rows], abs=1e-5)


def test_head_starts_from_the_probe_on_both_texts_in_one_sequence(pairs_job: Callable[..., TrainingJob]) -> None:
    family = measured(pairs_job())
    family.model.eval()
    family.test()
    assert torch.allclose(family.test_logits, family.base_logits, atol=1e-5)
    # One text turned changes the answer: what is read is the pair, and the second text by its own token type.
    inputs = family.network_inputs([0])
    assert inputs["token_type_ids"].max() == 1 and inputs["token_type_ids"].shape == inputs["input_ids"].shape


def _rows(fold: dict[str, Any], part: slice) -> dict[str, Any]:
    """Some rows of what was held out."""
    return {
        name: {key: rows[part] for key, rows in found.items()} if isinstance(found, dict) else found[part]
        for name, found in fold.items()
    }


def test_folds_together_score_as_their_rows_do(pairs_job: Callable[..., TrainingJob], tmp_path: Path) -> None:
    family = measured(pairs_job(tmp_path))
    family.model.eval()
    family.test()
    alone = family.results()
    fold = json.loads(json.dumps(family.held_out()))
    family.pool([_rows(fold, slice(0, 4)), _rows(fold, slice(4, None))])
    assert family.results().metrics == pytest.approx(alone.metrics)
    assert family.results().baseline == alone.baseline
    # A second run takes the answers of the baselines from the cache.
    assert measured(pairs_job(tmp_path)).baseline_answers == family.baseline_answers
