"""Regression: a head with an output for each number, Huber loss, a start from ridge regression; correlations, error and R²."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from app.catalog import number_scores
from app.catalog.card import BaseModelCard
from app.catalog.number_scores import Numbers
from app.catalog.task_types import task_type
from app.catalog.task_types.number_forms import as_text, of_text
from worker.engine.modeling import adapter_files
from worker.engine.modeling.tokenizer import separator
from worker.engine.reporting.results import NumberResults, RunResults
from worker.engine.tasks.base import PredictionRow
from worker.engine.tasks.classification.baselines import remember
from worker.engine.tasks.classification.data import LabelledExample
from worker.engine.tasks.classification.held_out import HeldOutTexts
from worker.engine.tasks.encoder_head import EncoderWithHead
from worker.engine.tasks.linear_probe import Probe
from worker.engine.tasks.regression import baselines, card, ridge
from worker.engine.tasks.regression.data import read_examples
from worker.engine.tasks.regression.predict import NumberPredictor
from worker.engine.tasks.regression.scale import Scale

# What the tuned model and the ridge regression give, beside the answers of the other baselines: folds have scales of their own.
TUNED, PROBE, MEAN = "tuned", "linear_probe", "mean"
# Distances above this many standard deviations count linearly, so that outliers do not rule (Huber 1964).
HUBER_DELTA = 1.0


class Regressor(EncoderWithHead):
    """Encoder and head with an output for each number; the baseline is ridge regression on the base model's vectors."""

    @classmethod
    def open_predictor(
        cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu"
    ) -> NumberPredictor:
        """See :class:`TaskFamily`."""
        return NumberPredictor(folder, base_folder, base, device)

    @property
    def outputs(self) -> int:
        """See :class:`EncoderWithHead`."""
        return len(self.job.spec.labels)

    def read_examples(self) -> dict[str, list[LabelledExample]]:
        """See :class:`EncoderWithHead`."""
        return read_examples(self.job.rows, self.job.splits, task_type(self.job.spec.task_type), self.job.spec.columns)

    @cached_property
    def _expected(self) -> dict[str, Numbers]:
        return {name: _numbers_of(rows) for name, rows in self.examples.items()}

    @cached_property
    def scale(self) -> Scale:
        """That of the training rows."""
        return Scale.of(self._expected["train"])

    def target(self, example: LabelledExample) -> list[float]:
        """See :class:`EncoderWithHead`: its numbers on the scale of the training rows."""
        found: list[float] = self.scale.standardise(_numbers_of([example]))[0].tolist()
        return found

    def loss_sum(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: of each row the mean Huber loss of its numbers."""
        return nn.functional.huber_loss(logits, targets, reduction="none", delta=HUBER_DELTA).mean(-1).sum()

    def fit_probe(self) -> Probe:
        """See :class:`EncoderWithHead`."""
        targets = torch.tensor(self.encoded["train"].labels)
        key = repr(("ridge", ridge.PENALTIES, self._expected["train"].tolist()))
        return self.features.probe(key, lambda vectors: ridge.fit(vectors, targets))

    def answer_baselines(self) -> Mapping[str, Sequence[Any]]:
        """See :class:`EncoderWithHead`: numbers in the unit of the data, (rows, numbers)."""
        train = self._expected["train"]
        known, asked = ([example.texts for example in self.examples[name]] for name in ("train", "test"))
        key = ["tfidf-ridge", repr((known, asked, train.tolist()))]
        words = remember(self.job.cache, key, lambda: baselines.tfidf(known, train, asked))
        return {
            MEAN: baselines.mean(train, len(asked)).tolist(),
            **({"tfidf_ridge": words} if words else {}),
            PROBE: self.scale.restore(self.base_logits).tolist(),
        }

    def score(self, logits: torch.Tensor, targets: Sequence[Any]) -> dict[str, float]:
        """See :class:`EncoderWithHead`; ``loss`` is the mean Huber loss of a number in standard deviations."""
        wanted = torch.tensor(targets)
        loss = float(self.loss_sum(logits.float(), wanted)) / max(1, len(targets))
        scale = self.scale
        return {**number_scores.score(scale.restore(logits), scale.restore(wanted)), "loss": loss}

    @staticmethod
    def shown(logits: torch.Tensor) -> torch.Tensor:
        """See :class:`EncoderWithHead`: in standard deviations."""
        return logits

    def answered(self) -> HeldOutTexts:
        """See :class:`EncoderWithHead`."""
        answers = {TUNED: self.scale.restore(self.test_logits).tolist(), **self.baseline_answers}
        return HeldOutTexts(self.examples["test"], self.test_logits, self.base_logits, answers)

    def results(self) -> NumberResults:
        """See :class:`TaskFamily`."""
        tested, names = self.tested, self.job.spec.labels
        expected = _numbers_of(tested.examples)
        answers = {name: np.asarray(given, dtype=float) for name, given in tested.baselines.items()}
        tuned, factor = answers.pop(TUNED), self.variance_factor
        # Each fold has a mean without its own rows, which would correlate with them; one answer for all of them does not.
        answers[MEAN] = np.broadcast_to(answers[MEAN].mean(0), expected.shape)
        deviations = (torch.from_numpy((given - expected) / self.scale.deviation) for given in (tuned, answers[PROBE]))
        losses = [float(self.loss_sum(away, torch.zeros_like(away))) / len(expected) for away in deviations]
        found = {name: number_scores.score(given, expected) for name, given in answers.items()}
        return NumberResults(
            metrics={**number_scores.score(tuned, expected), "loss": losses[0]},
            intervals=number_scores.intervals(tuned, expected, factor=factor),
            baseline={**found, PROBE: {**found[PROBE], "loss": losses[1]}},
            paired={
                name: number_scores.paired_pearson(tuned, given, expected, factor=factor).as_json()
                for name, given in answers.items()
            },
            labels=names,
            mean_distance=float(self._distances(tuned, expected).mean()),
            per_number=number_scores.per_number(tuned, expected, names),
            test_rows=len(expected),
            cut_rows=self.encoded["train"].cut_rows,
            answer_seconds=self.answer_seconds,
            forgetting=self.forgetting,
        )

    def _distances(self, answered: Numbers, expected: Numbers) -> Numbers:
        """Of each row the distance in the unit of its number; of several the mean, each in standard deviations."""
        away = np.abs(answered - expected)
        found: Numbers = away[:, 0] if away.shape[1] == 1 else (away / self.scale.deviation).mean(1)
        return found

    def write_head(self, folder: Path) -> None:
        """See :class:`TaskFamily`: also the scale."""
        super().write_head(folder)
        self.scale.write(folder, self.job.spec.labels)

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        spec, base = self.job.spec, self.job.base
        script = card.example(spec, base, separator(self.tokenizer), self.model.reads_token_types)
        adapter_files.write_card(folder, card.model_card(spec, base, results), script)

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`: the farthest answers first; the score is the distance, of several numbers in standard deviations."""
        names, tested = self.job.spec.labels, self.tested
        tuned, base = (np.asarray(tested.baselines[name], dtype=float) for name in (TUNED, PROBE))
        away = self._distances(tuned, _numbers_of(tested.examples))
        for at in np.argsort(-away, kind="stable").tolist():
            example, answer, before = tested.examples[at], as_text(names, tuned[at]), as_text(names, base[at])
            yield PredictionRow(example.row_id, example.input, example.label, before, answer, float(away[at]))


def _numbers_of(examples: Sequence[LabelledExample]) -> Numbers:
    """The expected numbers, (rows, numbers)."""
    return np.array([list(of_text(example.label).values()) for example in examples], dtype=float)
