"""Text classification: an encoder with a head that starts from a linear probe. One label per row; accuracy and F1."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app.catalog.card import BaseModelCard
from app.catalog.task_types import task_type
from app.intervals import pooled_variance_factor, wilson
from worker.engine.batching.batches import MicroBatch, Update, collate, count_rows
from worker.engine.batching.token_cache import TokenCache
from worker.engine.batching.training_rows import SPLITS
from worker.engine.modeling import adapter_files
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.modeling.partly_frozen import row_key
from worker.engine.reporting.results import ClassificationResults, RunResults
from worker.engine.tasks import forgetting
from worker.engine.tasks.base import (
    RELOAD_ROWS,
    RELOAD_TOLERANCE,
    REPEATED_SPLITS,
    PredictionRow,
    TaskFamily,
    reload_failed,
    require_rows,
)
from worker.engine.tasks.classification import baselines, card, evaluate
from worker.engine.tasks.classification.data import Encoded, LabelledExample, encode, read_examples
from worker.engine.tasks.classification.features import Features
from worker.engine.tasks.classification.held_out import HeldOutTexts
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head
from worker.engine.tasks.classification.predict import Predictor


class LabelledRows:
    """Training rows with their label numbers; each row weighs the same."""

    def __init__(self, data: Encoded, pad_id: int, device: torch.device) -> None:
        self.lengths = data.lengths
        self._data, self._pad_id, self._device = data, pad_id, device

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of rows."""
        return count_rows(update)

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`: cross-entropy of the labels."""
        ids, mask = (tensor.to(self._device) for tensor in collate(self._data.tokens, rows, self._pad_id))
        targets = torch.tensor([self._data.labels[row] for row in rows], device=self._device)
        return nn.functional.cross_entropy(model(ids, mask), targets, reduction="sum")


class Classification(TaskFamily):
    """Encoder and head; the baseline is the linear probe on the base model's encoder."""

    model: PooledClassifier
    examples: dict[str, list[LabelledExample]]
    encoded: dict[str, Encoded]
    features: Features
    base_logits: torch.Tensor
    baseline_answers: dict[str, list[int]]
    test_logits: torch.Tensor
    answer_seconds: float
    # Answers of the folds of a cross-validation, in place of those to the test rows.
    pooled: HeldOutTexts | None = None

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> Predictor:
        """See :class:`TaskFamily`."""
        return Predictor(folder, base_folder, base, device)

    @property
    def body(self) -> nn.Module:
        """The encoder."""
        return self.model.encoder

    @property
    def starts_from_probe(self) -> bool:
        """See :class:`TaskFamily`."""
        return self.job.spec.training.head_start == "linear-probe"

    def set_body(self, body: nn.Module) -> None:
        """See :class:`TaskFamily`."""
        self.model.encoder = body

    def read(self) -> None:
        """See :class:`TaskFamily`."""
        spec = self.job.spec
        self.examples = read_examples(self.job.rows, self.job.splits, spec.columns)
        numbers = {label: number for number, label in enumerate(spec.labels)}
        self.encoded = {}
        for name in SPLITS:
            require_rows(name, self.examples[name])
            cache = TokenCache(self.job.cache, f"{spec.dataset_sha256}/{name}" if spec.dataset_sha256 else "")
            self.encoded[name] = encode(
                self.examples[name], numbers, self.tokenizer, spec.training.max_length, self.report, cache
            )
        self.training_data = LabelledRows(self.encoded["train"], self.pad_id, self.accelerator.device)
        if cut := self.encoded["train"].cut_rows:
            self.warn(
                f"{cut:,} of {len(self.examples['train']):,} training texts are longer than {spec.training.max_length} "
                "tokens and lose their end.",
                rows=cut,
            )

    def load(self) -> None:
        """See :class:`TaskFamily`."""
        head = make_head(self.job.base.hidden_size, len(self.job.spec.labels))
        self.model = PooledClassifier(self.load_body(self.job.spec.base_precision), head, self.job.base)
        self.model.to(self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`TaskFamily`."""
        return load_encoder(self.job.base_folder, self.job.base, precision)

    def measure_base(self) -> None:
        """Fit the linear probe, score it on the test rows, and start the head from it."""
        spec = self.job.spec
        self.features = Features(
            self.model, self.job.base, self.encoded, self.evaluation, self.job.cache, spec.base_precision
        )
        if self.wants_forgetting(forgetting.encode(self.tokenizer).lengths):
            self.forgetting_baseline = forgetting.correct_answers(self.model, self.tokenizer, self.evaluation)
        probe = self.features.probe(len(spec.labels))
        self.report_probe(probe)
        self.base_logits = probe.logits(self.features.of("test"))
        self.baseline_answers = self._answer_baselines() if self.accelerator.is_main_process else {}
        if self.starts_from_probe:
            probe.copy_to(self.model.head)

    def _answer_baselines(self) -> dict[str, list[int]]:
        """Label numbers of the test rows by baseline, each as cheap as the linear probe or cheaper."""
        train, test, job = self.encoded["train"], self.encoded["test"], self.job
        labels, count = train.labels, len(job.spec.labels)
        texts = {name: [example.text for example in self.examples[name]] for name in ("train", "test")}
        words = baselines.remember(
            job.cache,
            ["tfidf", repr((texts["train"], labels, texts["test"]))],
            lambda: baselines.tfidf_answers(texts["train"], labels, texts["test"]),
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

    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        ids, mask = self.evaluation.collate(self.encoded["train"].tokens, rows)
        return {"input_ids": ids, "attention_mask": mask}

    def repeated_rows(self) -> list[list[int]]:
        """See :class:`TaskFamily`."""
        return [row for name in REPEATED_SPLITS for row in self.encoded[name].tokens]

    def use_cached_vectors(self) -> bool:
        """See :class:`TaskFamily`: the sentence vectors that the probe was fitted on."""
        if trainable_parameters(self.model.encoder):
            return False
        self.model.cached_vectors = {
            row_key(row): vector
            for name in REPEATED_SPLITS
            for row, vector in zip(self.encoded[name].tokens, self.features.of(name), strict=True)
        }
        return True

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`."""
        validation = self.encoded["validation"]
        logits = evaluate.read_all(self.model, validation, self.evaluation, sharded=True)
        return evaluate.score(task_type(self.job.spec.task_type), logits, validation.labels)

    def test(self) -> None:
        """See :class:`TaskFamily`."""
        began = time.monotonic()
        self.test_logits = evaluate.read_all(self.model, self.encoded["test"], self.evaluation, exact=True)
        self.answer_seconds = (time.monotonic() - began) / len(self.encoded["test"].labels)
        if self.forgetting_baseline is not None:
            after = forgetting.correct_answers(self.model, self.tokenizer, self.evaluation)
            self.forgetting = forgetting.compare(self.forgetting_baseline, after)

    @property
    def tested(self) -> HeldOutTexts:
        """The rows that the results are about, with their answers."""
        return self.pooled or HeldOutTexts(
            self.examples["test"], self.test_logits, self.base_logits, self.baseline_answers
        )

    def held_out(self) -> dict[str, Any]:
        """See :class:`TaskFamily`."""
        return self.tested.as_json()

    def pool(self, folds: Sequence[dict[str, Any]]) -> None:
        """See :class:`TaskFamily`."""
        self.pooled = HeldOutTexts.joined(folds, [example for split in self.examples.values() for example in split])
        self.variance_factor = pooled_variance_factor(len(folds))

    def results(self) -> ClassificationResults:
        """See :class:`TaskFamily`."""
        task: Any = task_type(self.job.spec.task_type)
        tested, names = self.tested, self.job.spec.labels
        labels = tested.label_numbers(names)
        metrics = evaluate.score(task, tested.logits, labels)
        answers = tested.logits.argmax(-1).tolist()
        return ClassificationResults(
            metrics=metrics,
            intervals={"accuracy": list(wilson(metrics["accuracy"], len(labels), self.variance_factor))},
            baseline={
                **{name: task.metrics(labels, given, len(names)) for name, given in tested.baselines.items()},
                "linear_probe": evaluate.score(task, tested.base_logits, labels),
            },
            discordant=baselines.discordant(tested.baselines, answers, labels),
            labels=names,
            confusion=task.confusion(labels, answers, len(names)),
            per_class=task.per_class(labels, answers, names),
            test_rows=len(labels),
            cut_rows=self.encoded["train"].cut_rows,
            answer_seconds=self.answer_seconds,
            forgetting=self.forgetting,
        )

    def set_head(self, weights: Any) -> None:
        """See :class:`TaskFamily`."""
        self.model.head.load_state_dict(weights)

    def head_weights(self) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        return {name: weight.detach().clone() for name, weight in self.model.head.state_dict().items()}

    def write_head(self, folder: Path) -> None:
        """See :class:`TaskFamily`."""
        adapter_files.write_head(folder, self.model.head)
        adapter_files.write_labels(folder, self.job.spec.labels)

    def write(self, folder: Path, results: RunResults) -> None:
        """The card and the example."""
        spec, base = self.job.spec, self.job.base
        adapter_files.write_card(folder, card.model_card(spec, base, results), card.example(spec, base))

    def check_reload(self, adapter: Path) -> None:
        """See :class:`TaskFamily`."""
        texts = [example.text for example in self.examples["test"][:RELOAD_ROWS]]
        logits = Predictor(adapter, self.job.base_folder, self.job.base).logits(texts)
        difference = float((logits.softmax(-1) - self.test_logits[: len(texts)].softmax(-1)).abs().max())
        if difference > RELOAD_TOLERANCE:
            raise reload_failed(f"probabilities differ by {difference:.4f}")

    def predictions(self) -> Iterator[PredictionRow]:
        """See :class:`TaskFamily`; the score is the probability of the answer."""
        labels, tested = self.job.spec.labels, self.tested
        base_answers = tested.base_logits.argmax(-1).tolist()
        for example, row, base_answer in zip(tested.examples, tested.logits.softmax(-1), base_answers, strict=True):
            answer = int(row.argmax())
            yield PredictionRow(
                example.row_id, example.text, example.label, labels[base_answer], labels[answer], float(row[answer])
            )
