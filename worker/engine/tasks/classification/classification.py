"""Text classification: an encoder with a head that starts from a linear probe. One label per row; accuracy and F1."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app.catalog.card import BaseModelCard
from app.catalog.task_types import task_type
from app.intervals import wilson
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import ClassificationResults, RunResults
from worker.engine.tasks.base import PredictionRow
from worker.engine.tasks.classification import baselines, card, evaluate
from worker.engine.tasks.classification.data import LabelledExample, read_examples
from worker.engine.tasks.classification.predict import Predictor
from worker.engine.tasks.encoder_head import EncoderWithHead
from worker.engine.tasks.linear_probe import ONE_ROW, STRENGTHS, Probe, fit_chosen_probe


class Classification(EncoderWithHead):
    """Encoder and head; the baseline is the linear probe on the base model's encoder."""

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> Predictor:
        """See :class:`TaskFamily`."""
        return Predictor(folder, base_folder, base, device)

    @property
    def outputs(self) -> int:
        """See :class:`EncoderWithHead`."""
        return len(self.job.spec.labels)

    def read_examples(self) -> dict[str, list[LabelledExample]]:
        """See :class:`EncoderWithHead`."""
        return read_examples(self.job.rows, self.job.splits, self.job.spec.columns)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {label: number for number, label in enumerate(self.job.spec.labels)}

    def target(self, example: LabelledExample) -> int:
        """See :class:`EncoderWithHead`: the number of its label."""
        return self._numbers[example.label]

    def loss_sum(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: cross-entropy of the labels."""
        return nn.functional.cross_entropy(logits, targets, reduction="sum")

    def fit_probe(self) -> Probe:
        """See :class:`EncoderWithHead`."""
        labels, count = self.encoded["train"].labels, self.outputs
        return self.features.probe(
            repr((STRENGTHS, ONE_ROW, labels, count)), lambda vectors: fit_chosen_probe(vectors, labels, count)
        )

    def answer_baselines(self) -> dict[str, Any]:
        """See :class:`EncoderWithHead`: label numbers."""
        train, test, job = self.encoded["train"], self.encoded["test"], self.job
        labels, count = train.labels, len(job.spec.labels)
        known, asked = self.texts("train", "test")
        words = baselines.remember(
            job.cache, ["tfidf", repr((known, labels, asked))], lambda: baselines.tfidf_answers(known, labels, asked)
        )
        self.report.stop_if_asked()
        near = baselines.neighbour_answers(self.features.of("train"), labels, self.features.of("test"), count)
        majority = evaluate.majority_class(labels)
        return {
            "majority": [majority] * len(test.labels),
            **({"tfidf": words} if words else {}),
            "nearest_neighbours": near,
            "linear_probe": self.base_logits.argmax(-1).tolist(),
        }

    def score(self, logits: torch.Tensor, targets: Sequence[int]) -> dict[str, float]:
        """See :class:`EncoderWithHead`."""
        return evaluate.score(task_type(self.job.spec.task_type), logits, targets)

    def label_numbers(self, given: Sequence[Any]) -> list[int]:
        """The label of each answer of a baseline."""
        return list(given)

    def score_answers(self, expected: Sequence[int], given: Sequence[Any]) -> dict[str, float]:
        """Scores of the answers of a baseline."""
        task: Any = task_type(self.job.spec.task_type)
        found: dict[str, float] = task.metrics(expected, self.label_numbers(given), self.outputs)
        return found

    @staticmethod
    def shown(logits: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: probabilities."""
        return logits.softmax(-1)

    def results(self) -> ClassificationResults:
        """See :class:`TaskFamily`."""
        task: Any = task_type(self.job.spec.task_type)
        tested, names = self.tested, self.job.spec.labels
        labels = tested.label_numbers(names)
        metrics = self.score(tested.logits, labels)
        answers = tested.logits.argmax(-1).tolist()
        return ClassificationResults(
            metrics=metrics,
            intervals={"accuracy": list(wilson(metrics["accuracy"], len(labels), self.variance_factor))},
            baseline={
                **{name: self.score_answers(labels, given) for name, given in tested.baselines.items()},
                "linear_probe": self.score(tested.base_logits, labels),
            },
            discordant=baselines.discordant(
                {name: self.label_numbers(given) for name, given in tested.baselines.items()}, answers, labels
            ),
            labels=names,
            confusion=task.confusion(labels, answers, len(names)),
            per_class=task.per_class(labels, answers, names),
            test_rows=len(labels),
            cut_rows=self.encoded["train"].cut_rows,
            answer_seconds=self.answer_seconds,
            forgetting=self.forgetting,
        )

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        spec, base = self.job.spec, self.job.base
        adapter_files.write_card(folder, card.model_card(spec, base, results), card.example(spec, base))

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`; the score is the probability of the answer."""
        labels, tested = self.job.spec.labels, self.tested
        base_answers = tested.base_logits.argmax(-1).tolist()
        for example, row, base_answer in zip(tested.examples, tested.logits.softmax(-1), base_answers, strict=True):
            answer = int(row.argmax())
            yield PredictionRow(
                example.row_id, example.input, example.label, labels[base_answer], labels[answer], float(row[answer])
            )
