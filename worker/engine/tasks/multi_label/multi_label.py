"""Multi-label classification: an output for each label, binary cross-entropy, a threshold for each label; F1 and average precision."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from app.catalog import entity_scores
from app.catalog.card import BaseModelCard
from app.catalog.paired_tests import paired_f1
from app.catalog.task_types import task_type
from app.catalog.task_types.multi_label_classification import MultiLabelClassification
from worker.engine.modeling import adapter_files
from worker.engine.reporting.results import LabelSetResults, RunResults
from worker.engine.tasks.base import PredictionRow
from worker.engine.tasks.classification.baselines import remember
from worker.engine.tasks.classification.data import LabelledExample
from worker.engine.tasks.classification.held_out import HeldOutTexts
from worker.engine.tasks.encoder_head import EncoderWithHead
from worker.engine.tasks.linear_probe import STRENGTHS, Probe
from worker.engine.tasks.multi_label import baselines, card, evaluate
from worker.engine.tasks.multi_label import probe as one_vs_rest
from worker.engine.tasks.multi_label.data import indicators, names_of, read_examples
from worker.engine.tasks.multi_label.evaluate import Given, Values
from worker.engine.tasks.multi_label.predict import SetPredictor, write_decisions

# What the tuned model gives, beside the answers of the baselines: folds have thresholds of their own.
TUNED = "tuned"


class MultiLabel(EncoderWithHead):
    """Encoder and head with an output for each label; the baseline is one-vs-rest logistic regression on the base model."""

    thresholds: Values

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> SetPredictor:
        """See :class:`TaskFamily`."""
        return SetPredictor(folder, base_folder, base, device)

    @property
    def outputs(self) -> int:
        """See :class:`EncoderWithHead`."""
        return len(self.job.spec.labels)

    def read_examples(self) -> dict[str, list[LabelledExample]]:
        """See :class:`EncoderWithHead`."""
        task = cast(MultiLabelClassification, task_type(self.job.spec.task_type))
        return read_examples(self.job.rows, self.job.splits, task, self.job.spec.columns)

    @cached_property
    def _expected(self) -> dict[str, Given]:
        return {name: indicators(rows, self.job.spec.labels) for name, rows in self.examples.items()}

    def _named(self, *parts: str) -> list[list[str]]:
        """The label of each output, and those of each row: all that decides about targets, for the keys of caches."""
        return [self.job.spec.labels, *([example.label for example in self.examples[part]] for part in parts)]

    def target(self, example: LabelledExample) -> list[float]:
        """See :class:`EncoderWithHead`: 1 for every label that applies."""
        found: list[float] = indicators([example], self.job.spec.labels)[0].astype(float).tolist()
        return found

    def loss_sum(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: of each row the mean binary cross-entropy of its labels."""
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return losses.mean(-1).sum()

    def fit_probe(self) -> Probe:
        """See :class:`EncoderWithHead`."""
        targets = torch.tensor(self.encoded["train"].labels)
        key = repr(("one-vs-rest", STRENGTHS, *self._named("train")))
        return self.features.probe(key, lambda vectors: one_vs_rest.fit(vectors, targets))

    def answer_baselines(self) -> Mapping[str, Sequence[Any]]:
        """See :class:`EncoderWithHead`: 1 for every label that is given, (rows, labels)."""
        expected = self._expected
        known, checked, asked = self.texts("train", "validation", "test")
        key = ["tfidf-sets", repr((known, checked, asked, *self._named("train", "validation")))]
        words = remember(
            self.job.cache,
            key,
            lambda: baselines.tfidf_answers(known, expected["train"], checked, expected["validation"], asked),
        )
        checked_logits = self.probe.logits(self.features.of("validation"))
        limits = evaluate.choose_thresholds(evaluate.probabilities(checked_logits), expected["validation"])
        return {
            "majority": baselines.majority(expected["train"], len(asked)).astype(int).tolist(),
            **({"tfidf": words} if words else {}),
            "linear_probe": (evaluate.probabilities(self.base_logits) > limits).astype(int).tolist(),
        }

    def score(self, logits: torch.Tensor, targets: Sequence[Any]) -> dict[str, float]:
        """See :class:`EncoderWithHead`; the thresholds are the best for these very rows, which is fair between checkpoints only."""
        shares, expected = evaluate.probabilities(logits), np.asarray(targets, dtype=bool)
        return evaluate.score_logits(logits, shares > evaluate.choose_thresholds(shares, expected), expected)

    @staticmethod
    def shown(logits: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: probabilities."""
        return logits.sigmoid()

    def test(self) -> None:
        """See :class:`TaskFamily`; the thresholds come from the validation rows."""
        super().test()
        checked = evaluate.probabilities(self.read_exactly("validation"))
        self.thresholds = evaluate.choose_thresholds(checked, self._expected["validation"])

    def answered(self) -> HeldOutTexts:
        """See :class:`EncoderWithHead`."""
        given = evaluate.probabilities(self.test_logits) > self.thresholds
        answers = {TUNED: given.astype(int).tolist(), **self.baseline_answers}
        return HeldOutTexts(self.examples["test"], self.test_logits, self.base_logits, answers)

    def results(self) -> LabelSetResults:
        """See :class:`TaskFamily`."""
        tested, names = self.tested, self.job.spec.labels
        expected = indicators(tested.examples, names)
        answers = {name: np.asarray(given, dtype=bool) for name, given in tested.baselines.items()}
        tuned = answers.pop(TUNED)
        counts = evaluate.counts(tuned, expected)
        return LabelSetResults(
            metrics=evaluate.score_logits(tested.logits, tuned, expected),
            intervals={"micro_f1": list(entity_scores.f1_interval(counts, factor=self.variance_factor))},
            baseline={
                **{name: evaluate.score(given, expected) for name, given in answers.items()},
                "linear_probe": evaluate.score_logits(tested.base_logits, answers["linear_probe"], expected),
            },
            paired={
                name: paired_f1(counts, evaluate.counts(given, expected), factor=self.variance_factor).as_json()
                for name, given in answers.items()
            },
            labels=names,
            per_class=evaluate.per_label(tuned, expected, names),
            thresholds=dict(zip(names, self.thresholds.tolist(), strict=True)),
            test_rows=len(expected),
            cut_rows=self.encoded["train"].cut_rows,
            answer_seconds=self.answer_seconds,
            forgetting=self.forgetting,
        )

    def write(self, folder: Path, results: RunResults) -> None:
        """The thresholds, the card and the example."""
        spec, base = self.job.spec, self.job.base
        write_decisions(folder, spec.labels, self.thresholds.tolist())
        adapter_files.write_card(folder, card.model_card(spec, base, results), card.example(spec, base))

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`: lists of labels as JSON; the score is the probability of the least certain decision."""
        labels, tested = self.job.spec.labels, self.tested
        tuned, base = (np.asarray(tested.baselines[name], dtype=bool) for name in (TUNED, "linear_probe"))
        certain = evaluate.certainty(evaluate.probabilities(tested.logits), tuned)
        rows = zip(tested.examples, names_of(base, labels), names_of(tuned, labels), certain.tolist(), strict=True)
        for example, base_answer, answer, score in rows:
            yield PredictionRow(example.row_id, example.input, example.label, base_answer, answer, score)
