"""Answers of the folds of a classifier, put together again."""

import json

import torch

from worker.engine.tasks.classification.data import LabelledExample
from worker.engine.tasks.classification.held_out import HeldOutTexts

EXAMPLES = [LabelledExample(row_id, f"text {row_id}", "ab"[row_id % 2]) for row_id in range(4)]


def fold(row_ids: list[int], **baselines: list[int]) -> dict:
    logits = torch.tensor([[0.1 * row_id, 1 / 3] for row_id in row_ids])
    held_out = HeldOutTexts([EXAMPLES[row_id] for row_id in row_ids], logits, -logits, baselines)
    return json.loads(json.dumps(held_out.as_json()))


def test_rows_are_joined_in_the_order_of_their_ids_and_numbers_are_the_same_again() -> None:
    folds = [fold([1, 3], majority=[1, 1], tfidf=[0, 1]), fold([0, 2], majority=[0, 0])]
    joined = HeldOutTexts.joined(folds, list(reversed(EXAMPLES)))
    assert [example.row_id for example in joined.examples] == [0, 1, 2, 3]
    assert torch.equal(joined.logits, torch.tensor([[0.1 * row_id, 1 / 3] for row_id in range(4)]))
    assert torch.equal(joined.base_logits, -joined.logits)
    # What could not be fitted in every fold answers not every row.
    assert joined.baselines == {"majority": [0, 1, 0, 1]}
    assert joined.label_numbers(["a", "b"]) == [0, 1, 0, 1]
