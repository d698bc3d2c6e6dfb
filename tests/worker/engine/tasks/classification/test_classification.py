"""The family of text classification: its baseline, its results, and what it keeps from one pass to the next."""

import json
from functools import partial

import pytest
import torch
from accelerate import Accelerator

from app.errors import StudioError
from tests.tiny import LABELS, make_spec
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.encoder_head import TargetRows


def measured(job: TrainingJob) -> Classification:
    """The family of a job whose base model has been measured."""
    torch.manual_seed(0)
    family = Classification(job, ListReport(), Accelerator(cpu=True))
    family.read()
    family.load()
    family.measure_base()
    return family


def test_loss_is_summed_and_weighed_by_rows(classifier: PooledClassifier) -> None:
    rows = TargetRows(
        Encoded([[2, 5, 6, 3], [2, 7, 3], [2, 3]], [2, 0, 1], 0),
        0,
        torch.device("cpu"),
        partial(torch.nn.functional.cross_entropy, reduction="sum"),
    )
    assert rows.weight([[0, 1], [2]]) == 3
    with torch.no_grad():
        alone = [float(rows.loss(classifier, [row])) for row in range(3)]
        assert float(rows.loss(classifier, [0, 1, 2])) == pytest.approx(sum(alone), rel=1e-5)
        logits = classifier(torch.tensor([[2, 3]]), torch.ones(1, 2, dtype=torch.long))
    assert alone[2] == pytest.approx(-float(logits.log_softmax(-1)[0, 1]), rel=1e-5)


def test_head_starts_from_the_probe_unless_told_otherwise(make_job) -> None:
    family = measured(make_job(make_spec()))
    family.test()
    assert torch.allclose(family.test_logits, family.base_logits, atol=1e-5)
    other = measured(make_job(make_spec(head_start="random")))
    other.test()
    assert torch.allclose(other.base_logits, family.base_logits, atol=1e-5)
    assert not torch.allclose(other.test_logits, family.base_logits, atol=1e-2)


def test_vectors_are_kept_only_where_nothing_in_the_encoder_trains(make_job) -> None:
    family = measured(make_job(make_spec({"kind": "head-only"})))
    assert not family.use_cached_vectors()
    family.adapt(1)
    family.body.requires_grad_(False)
    before = family.validate()
    assert family.use_cached_vectors()
    assert family.validate() == pytest.approx(before, abs=1e-5)
    # Rows of the training and the validation part: 42 and 9 of 60, some of them alike.
    assert 40 < len(family.model.cached_vectors) <= 51


def test_results_agree_with_the_predictions(make_job) -> None:
    family = measured(make_job(make_spec()))
    family.test()
    results, rows = family.results(), list(family.predictions())
    right = [row.expected == row.answer for row in rows]
    assert len(rows) == results.test_rows == 9
    assert results.metrics["accuracy"] == pytest.approx(sum(right) / 9)
    for number, label in enumerate(LABELS):
        assert sum(results.confusion[number]) == sum(row.expected == label for row in rows)
    assert all(1 / 3 <= row.score <= 1 for row in rows)
    low, high = results.intervals["accuracy"]
    assert low <= results.metrics["accuracy"] <= high


def test_every_baseline_answers_the_test_rows_of_the_run(make_job) -> None:
    family = measured(make_job(make_spec()))
    family.test()
    results = family.results()
    assert list(results.baseline) == ["majority", "tfidf", "nearest_neighbours", "linear_probe"]
    right = {row.row_id: (row.expected == row.answer, row.expected == row.base_answer) for row in family.predictions()}
    pair = results.discordant["linear_probe"]
    assert pair["tuned_only"] == sum(tuned and not base for tuned, base in right.values())
    assert pair["baseline_only"] == sum(base and not tuned for tuned, base in right.values())
    assert results.discordant.keys() == results.baseline.keys()


def test_head_is_copied_and_put_back(make_job) -> None:
    family = measured(make_job(make_spec()))
    kept = family.head_weights()
    torch.nn.init.zeros_(family.model.head.weight)
    assert float(kept["weight"].abs().sum()) > 0
    family.set_head(kept)
    assert torch.equal(family.model.head.weight, kept["weight"])


def test_part_without_rows_is_refused(make_job, tmp_path) -> None:
    job = make_job()
    splits = json.loads(job.splits.read_text())
    (tmp_path / "splits.json").write_text(json.dumps({**splits, "validation": []}))
    empty = TrainingJob(**{**vars(job), "splits": tmp_path / "splits.json"})
    with pytest.raises(StudioError) as caught:
        Classification(empty, ListReport(), Accelerator(cpu=True)).read()
    assert caught.value.code == "empty_split"
