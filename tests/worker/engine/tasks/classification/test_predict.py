"""A download that answers texts."""

import json

import pytest
import torch

from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.predict import Predictor


@pytest.fixture(scope="module")
def predictor(finished_job: TrainingJob) -> Predictor:
    return Predictor(finished_job.folder / "adapter", finished_job.base_folder, finished_job.base)


def test_answers_are_those_of_the_run(predictor: Predictor, finished_job: TrainingJob) -> None:
    lines = (finished_job.folder / "predictions.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    answers = predictor.predict([row["input"] for row in rows])
    assert [answer["label"] for answer in answers] == [row["answer"] for row in rows]
    assert [answer["probabilities"][answer["label"]] for answer in answers] == pytest.approx(
        [row["score"] for row in rows], abs=1e-5
    )


def test_text_is_answered_the_same_among_others_of_any_length(predictor: Predictor) -> None:
    texts = ["my card", "late " * 20, "the bank", ""]
    together = predictor.logits(texts)
    for number, text in enumerate(texts):
        assert torch.allclose(together[number], predictor.logits([text])[0], atol=1e-5)


def test_labels_stand_from_likely_to_unlikely(predictor: Predictor) -> None:
    (answer,) = predictor.predict(["card card stolen"])
    chances = list(answer["probabilities"].values())
    assert chances == sorted(chances, reverse=True) and sum(chances) == pytest.approx(1, abs=1e-5)
    assert next(iter(answer["probabilities"])) == answer["label"]


def test_text_is_cut_where_training_cut_it(predictor: Predictor) -> None:
    # Thirty words and two marks are the whole length of 32.
    long = "late " * 30
    assert torch.equal(predictor.logits([long])[0], predictor.logits([long + "card stolen"])[0])
