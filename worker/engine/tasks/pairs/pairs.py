"""Pair classification: both texts in one sequence, one label; beside it what each text alone, and their vectors apart, can tell."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.catalog.task_types import task_type
from worker.engine.batching.token_cache import NO_CACHE
from worker.engine.modeling import adapter_files
from worker.engine.modeling.tokenizer import separator
from worker.engine.reporting.results import ClassificationResults, RunResults
from worker.engine.tasks.classification import evaluate as labels_of_texts
from worker.engine.tasks.classification.baselines import remember
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.classification.data import LabelledExample, encode
from worker.engine.tasks.linear_probe import STRENGTHS, fit_chosen_probe
from worker.engine.tasks.pairs import baselines, card, evaluate
from worker.engine.tasks.pairs.baselines import Pair, Shares

# More training rows teach the probe on vectors apart little and cost minutes.
MAX_APART_ROWS = 20_000


class Pairs(Classification):
    """Encoder and head on both texts at once. Answers of baselines are kept as probabilities (rows, labels)."""

    def _pairs(self, split: str) -> list[Pair]:
        return [(example.text, example.text_pair or "") for example in self.examples[split]]

    def answer_baselines(self) -> dict[str, Any]:
        """See :class:`EncoderWithHead`."""
        labels, count = self.encoded["train"].labels, self.outputs
        known, asked = self._pairs("train"), self._pairs("test")

        def kept(name: str, answer: Callable[[], Shares | None]) -> Shares | None:
            self.report.stop_if_asked()
            return remember(self.job.cache, [name, repr((known, labels, asked, count))], answer)

        found: dict[str, Shares | None] = {
            "majority": baselines.majority(labels, len(asked), count),
            "first_text": kept("first-text", lambda: _of_one(0, known, labels, asked, count)),
            "second_text": kept("second-text", lambda: _of_one(1, known, labels, asked, count)),
            "tfidf": kept("tfidf-pairs", lambda: baselines.words(known, labels, asked, count)),
            "vectors_apart": remember(self.job.cache, self._apart_key(known, asked), self._answer_apart),
            "linear_probe": baselines.as_shares(self.base_logits),
        }
        return {name: shares for name, shares in found.items() if shares is not None}

    def _apart_key(self, known: Sequence[Pair], asked: Sequence[Pair]) -> list[str]:
        base, spec = self.job.base, self.job.spec
        read = (
            base.weights_sha256,
            base.pooling,
            base.normalize,
            spec.base_precision,
            self.accelerator.mixed_precision,
        )
        labels = self.encoded["train"].labels
        return ["vectors-apart", repr((*read, STRENGTHS, spec.training.max_length, known, labels, asked, self.outputs))]

    def _answer_apart(self) -> Shares:
        """Logistic regression on the base model's vectors of both texts, each read by itself."""
        known = self.examples["train"]
        step = max(1, -(-len(known) // MAX_APART_ROWS))
        rows, labels = known[::step], self.encoded["train"].labels[::step]
        probe = fit_chosen_probe(self._vectors(rows), labels, self.outputs)
        return baselines.as_shares(probe.logits(self._vectors(self.examples["test"])))

    def _vectors(self, rows: Sequence[LabelledExample]) -> torch.Tensor:
        """(u, v, \\|u - v\\|) of rows."""
        sides = (
            [replace(row, text=text, text_pair=None) for row, text in zip(rows, texts, strict=True)]
            for texts in _sides(rows)
        )
        length = self.job.spec.training.max_length
        encoded = [encode(side, self.target, self.tokenizer, length, self.report, NO_CACHE) for side in sides]
        first, second = (
            labels_of_texts.read_all(self.model, side, self.evaluation, output="features") for side in encoded
        )
        return baselines.side_by_side(first, second)

    def label_numbers(self, given: Sequence[Any]) -> list[int]:
        """See :class:`Classification`."""
        found: list[int] = np.asarray(given).argmax(1).tolist()
        return found

    def score_answers(self, expected: Sequence[int], given: Sequence[Any]) -> dict[str, float]:
        """See :class:`Classification`: with the area under the ROC curve."""
        scores = super().score_answers(expected, given)
        area = evaluate.auc(np.asarray(given), np.asarray(expected))
        return scores if area is None else {**scores, "auc": area}

    def score(self, logits: torch.Tensor, targets: Sequence[int]) -> dict[str, float]:
        """See :class:`EncoderWithHead`: with the area under the ROC curve."""
        found = labels_of_texts.score(task_type(self.job.spec.task_type), logits, targets)
        area = evaluate.auc(logits.double().softmax(-1).numpy(), np.asarray(targets))
        loss = found.pop("loss")
        return {**found, **({} if area is None else {"auc": area}), "loss": loss}

    def results(self) -> ClassificationResults:
        """See :class:`TaskFamily`: with intervals of all scores."""
        found, tested = super().results(), self.tested
        shares, expected = tested.logits.double().softmax(-1).numpy(), tested.label_numbers(self.job.spec.labels)
        more = {
            key: evaluate.interval(score_of, shares, expected, self.variance_factor)
            for key, score_of in (("macro_f1", evaluate.macro_f1), ("auc", evaluate.auc))
        }
        known = {key: interval for key, interval in more.items() if interval is not None}
        return replace(found, intervals={**found.intervals, **known})

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        spec, base = self.job.spec, self.job.base
        between = separator(self.tokenizer)
        example = card.example(spec, base, between, self.model.reads_token_types)
        adapter_files.write_card(folder, card.model_card(spec, base, results, between), example)


def _sides(rows: Sequence[LabelledExample]) -> tuple[list[str], list[str]]:
    return [row.text for row in rows], [row.text_pair or "" for row in rows]


def _of_one(
    side: int, known: Sequence[Pair], labels: Sequence[int], asked: Sequence[Pair], count: int
) -> Shares | None:
    return baselines.words_of_one([pair[side] for pair in known], labels, [pair[side] for pair in asked], count)
