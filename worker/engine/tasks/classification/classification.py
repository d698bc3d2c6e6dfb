"""Sorting texts: an encoder with an answer layer that starts from a linear probe. One label per row, accuracy and F1."""

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app.catalog.task_types import task_type
from app.intervals import wilson
from worker.engine.batching.batches import MicroBatch, Update, collate, count_rows
from worker.engine.modeling import adapter_files
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.modeling.partly_frozen import name_of
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.runtime.distributed import ALONE, ProcessGroup
from worker.engine.tasks import forgetting
from worker.engine.tasks.base import READ_OFTEN, SPLITS, Family, reload_failed, require_rows
from worker.engine.tasks.classification import card, evaluate
from worker.engine.tasks.classification.data import Encoded, Splits, encode, read_splits
from worker.engine.tasks.classification.features import Features
from worker.engine.tasks.classification.method_context import make_context
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head
from worker.engine.tasks.classification.predict import Predictor
from worker.engine.tasks.forgetting_limits import is_wanted

# The saved adapter, loaded afresh, must score rows as the model in memory does; fp32 both, so only rounding differs.
RELOAD_TOLERANCE = 1e-3
RELOAD_ROWS = 32


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
        ids, mask = (each.to(self._device) for each in collate(self._data.tokens, rows, self._pad_id))
        wanted = torch.tensor([self._data.labels[row] for row in rows], device=self._device)
        return nn.functional.cross_entropy(model(ids, mask), wanted, reduction="sum")


class Classification(Family):
    """Encoder and answer layer; the baseline is the linear probe on the untouched encoder."""

    model: PooledClassifier
    splits: Splits
    encoded: dict[str, Encoded]
    features: Features
    base_logits: torch.Tensor
    test_logits: torch.Tensor
    answer_seconds: float
    knew: torch.Tensor | None = None
    forgotten: dict[str, Any] | None = None

    @property
    def tokenizer(self) -> Any:
        """See :class:`Family`."""
        return self._tokenizer

    @property
    def body(self) -> nn.Module:
        """The encoder."""
        return self.model.encoder

    @property
    def pad_id(self) -> int:
        """See :class:`Family`."""
        return int(self._tokenizer.pad_token_id)

    def read(self) -> None:
        """See :class:`Family`."""
        order, spec = self.order, self.order.spec
        self._tokenizer = load_tokenizer(order.base_folder)
        self.splits = read_splits(order.rows, order.splits, spec.columns, spec.dataset_sha256)
        numbers = {label: number for number, label in enumerate(spec.labels)}
        self.encoded = {}
        for name in SPLITS:
            examples = getattr(self.splits, name)
            require_rows(name, examples)
            key = f"{self.splits.sha256}/{name}" if self.splits.sha256 else ""
            self.encoded[name] = encode(
                examples, numbers, self._tokenizer, spec.training.max_length, self.report, order.cache, key
            )
        self.lessons = LabelledRows(self.encoded["train"], self._tokenizer.pad_token_id, self.accelerator.device)
        self._tell_cut()

    def _tell_cut(self) -> None:
        cut = self.encoded["train"].cut_rows
        if cut:
            self.report.event(
                "notice",
                f"{cut:,} of {len(self.splits.train):,} training texts are longer than "
                f"{self.order.spec.training.max_length} tokens and lose their end.",
                severity="warning",
                rows=cut,
            )

    def load(self) -> None:
        """See :class:`Family`."""
        base = self.order.base
        head = make_head(base.hidden_size, len(self.order.spec.labels))
        self.model = PooledClassifier(self.load_body(self.order.spec.base_precision), head, base)
        self.model.to(self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`Family`."""
        return load_encoder(self.order.base_folder, self.order.base, precision)

    def measure_base(self) -> None:
        """Fit the probe, start the answer layer from it, and note how it scores the test rows."""
        self.features = Features(
            self.model,
            self.order.base,
            self.encoded,
            self._tokenizer.pad_token_id,
            self.accelerator,
            self.report,
            self.order.cache,
            self.order.spec.base_precision,
        )
        training, asked = self.order.spec.training, sum(forgetting.encode(self._tokenizer).lengths)
        if (
            is_wanted(training.measure_forgetting, asked, self.lessons.lengths, training.epochs)
            and self.order.ranks.leads
        ):
            self.knew = forgetting.right(self.model, self._tokenizer, self.accelerator, self.report)
        probe = self.features.probe(len(self.order.spec.labels))
        self.base_logits = probe.logits(self.features.of("test"))
        if self.order.spec.training.head_start == "linear-probe":
            with torch.no_grad():
                self.model.head.weight.copy_(probe.weight)
                self.model.head.bias.copy_(probe.bias)

    def adapt(self, total_steps: int) -> None:
        """See :class:`Family`."""
        method = self.order.spec.method
        context = make_context(
            method,
            self.model,
            self.encoded["train"],
            self._tokenizer,
            total_steps=total_steps,
            seed=self.order.spec.training.seed,
        )
        self.model.encoder = method.apply(self.model.encoder, context)
        self.model.to(self.accelerator.device)

    def read_often(self) -> list[list[int]]:
        """See :class:`Family`."""
        return [row for name in READ_OFTEN for row in self.encoded[name].tokens]

    def knows_vectors(self) -> bool:
        """See :class:`Family`: the vectors that the probe was fitted on."""
        if trainable_parameters(self.model.encoder):
            return False
        self.model.known_vectors = {
            name_of(row): vector
            for name in READ_OFTEN
            for row, vector in zip(self.encoded[name].tokens, self.features.of(name), strict=True)
        }
        return True

    def validate(self) -> dict[str, float]:
        """See :class:`Family`."""
        task = task_type(self.order.spec.task_type)
        logits = self._read_split("validation", ranks=self.order.ranks)
        return evaluate.score(task, logits, self.encoded["validation"].labels)

    def test(self) -> None:
        """See :class:`Family`."""
        began = time.monotonic()
        self.test_logits = self._read_split("test", exact=True)
        self.answer_seconds = (time.monotonic() - began) / len(self.encoded["test"].labels)
        if self.knew is not None:
            after = forgetting.right(self.model, self._tokenizer, self.accelerator, self.report)
            self.forgotten = forgetting.told(self.knew, after)

    def _read_split(self, name: str, exact: bool = False, ranks: ProcessGroup = ALONE) -> torch.Tensor:
        return evaluate.read_all(
            self.model,
            self.encoded[name],
            self._tokenizer.pad_token_id,
            self.accelerator,
            self.report,
            exact=exact,
            ranks=ranks,
        )

    def results(self) -> dict[str, Any]:
        """See :class:`Family`."""
        task = task_type(self.order.spec.task_type)
        labels, names = self.encoded["test"].labels, self.order.spec.labels
        metrics = evaluate.score(task, self.test_logits, labels)
        return {
            "metrics": metrics,
            "intervals": {"accuracy": list(wilson(metrics["accuracy"], len(labels)))},
            "baseline": {
                "majority": evaluate.score_majority(task, self.encoded["train"].labels, labels, len(names)),
                "linear_probe": evaluate.score(task, self.base_logits, labels),
            },
            "labels": names,
            **evaluate.tell_apart(task, self.test_logits, labels, names),
            "test_rows": len(labels),
            "cut_rows": self.encoded["train"].cut_rows,
            "answer_seconds": self.answer_seconds,
            **({"forgetting": self.forgotten} if self.forgotten else {}),
        }

    def write(self, folder: Path, results: dict[str, Any]) -> None:
        """The answer layer, the labels, the card and the example."""
        spec, base = self.order.spec, self.order.base
        adapter_files.write_head(folder, self.model.head)
        adapter_files.write_labels(folder, spec.labels)
        adapter_files.write_card(folder, card.model_card(spec, base, results), card.example(spec, base))

    def check_reload(self, adapter: Path) -> None:
        """See :class:`Family`."""
        texts = [each.text for each in self.splits.test[:RELOAD_ROWS]]
        again = Predictor(adapter, self.order.base_folder, self.order.base).logits(texts)
        difference = float((again.softmax(-1) - self.test_logits[: len(texts)].softmax(-1)).abs().max())
        if difference > RELOAD_TOLERANCE:
            raise reload_failed(f"probabilities differ by {difference:.4f}")

    def answers(self) -> list[dict[str, Any]]:
        """See :class:`Family`."""
        labels, chances = self.order.spec.labels, self.test_logits.softmax(-1)
        answers, guesses = chances.argmax(-1).tolist(), self.base_logits.argmax(-1).tolist()
        return [
            {
                "split": "test",
                "row_id": example.row_id,
                "input": example.text,
                "expected": example.label,
                "base_answer": labels[guess],
                "answer": labels[answer],
                "score": float(row[answer]),
            }
            for example, row, answer, guess in zip(self.splits.test, chances, answers, guesses, strict=True)
        ]
