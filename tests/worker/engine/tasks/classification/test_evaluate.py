"""Reading rows in batches and scoring the answers."""

import math

import pytest
import torch

from app.catalog.task_types import task_type
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.evaluate import majority_class, read_all, score
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.evaluation import EvaluationLoop

TASK = task_type("text-classification")
ROWS = Encoded([[2, 5, 6, 7, 8, 3], [2, 9, 3], [2, 5, 3], [2, 4, 4, 4, 4, 4, 4, 4, 3]], [0, 1, 2, 0], 0)


@pytest.mark.parametrize("sharded", [False, True])
def test_each_row_gets_the_logits_and_the_vector_that_it_has_alone(
    classifier: PooledClassifier, evaluation: EvaluationLoop, sharded: bool
) -> None:
    logits = read_all(classifier, ROWS, evaluation, sharded=sharded)
    vectors = read_all(classifier, ROWS, evaluation, output="features", sharded=sharded)
    for number, row in enumerate(ROWS.tokens):
        ids = torch.tensor([row])
        with torch.no_grad():
            assert torch.allclose(logits[number], classifier(ids, torch.ones_like(ids))[0], atol=1e-6)
            assert torch.allclose(vectors[number], classifier.features(ids, torch.ones_like(ids))[0], atol=1e-6)


def test_scores_by_hand() -> None:
    # Rows 1 and 2 are right, row 3 is not; softmax of (ln 3, 0) gives 3/4 and 1/4.
    logits = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)], [math.log(3), 0.0]])
    found = score(TASK, logits, [0, 1, 1])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["loss"] == pytest.approx(-(2 * math.log(3 / 4) + math.log(1 / 4)) / 3)
    # F1 of each label: 2 / (2 + 1), as one of them is answered once too often and one once too seldom.
    assert found["macro_f1"] == pytest.approx(2 / 3)


def test_majority_is_that_of_the_training_rows_and_the_first_of_equals() -> None:
    assert majority_class([1, 1, 0]) == 1
    assert majority_class([1, 0]) == 0
