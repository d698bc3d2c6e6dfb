"""An encoder with a linear head that starts from a fitted probe: what tasks with labels, sets of labels and numbers share.

A subclass says what the targets of a row are, how they are fitted and scored, and what a download answers.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app.intervals import pooled_variance_factor
from worker.engine.batching.batches import MicroBatch, Update, collate, count_rows
from worker.engine.batching.token_cache import TokenCache
from worker.engine.batching.training_rows import SPLITS
from worker.engine.modeling import adapter_files
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.modeling.partly_frozen import row_key
from worker.engine.tasks import forgetting
from worker.engine.tasks.base import (
    RELOAD_ROWS,
    RELOAD_TOLERANCE,
    REPEATED_SPLITS,
    TaskFamily,
    reload_failed,
    require_rows,
)
from worker.engine.tasks.classification import evaluate
from worker.engine.tasks.classification.data import Encoded, LabelledExample, encode
from worker.engine.tasks.classification.features import Features
from worker.engine.tasks.classification.held_out import HeldOutTexts
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head
from worker.engine.tasks.classification.predict import HeadPredictor
from worker.engine.tasks.linear_probe import Probe

# Logits (rows, outputs) and targets -> the summed loss.
LossSum = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class TargetRows:
    """Training rows with their targets; each row weighs the same."""

    def __init__(self, data: Encoded, pad_id: int, device: torch.device, loss_sum: LossSum) -> None:
        self.lengths = data.lengths
        self._data, self._pad_id, self._device, self._loss_sum = data, pad_id, device, loss_sum

    def begin(self, update: Update) -> None:
        """See :class:`TrainingData`: nothing is shared by the rows of an update."""

    def weight(self, update: Update) -> float:
        """See :class:`TrainingData`: the number of rows."""
        return count_rows(update)

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """See :class:`TrainingData`."""
        ids, mask = (tensor.to(self._device) for tensor in collate(self._data.tokens, rows, self._pad_id))
        targets = torch.tensor([self._data.labels[row] for row in rows], device=self._device)
        return self._loss_sum(model(ids, mask), targets)


class EncoderWithHead(TaskFamily):
    """Encoder and head; the baseline is the probe on the base model's encoder."""

    model: PooledClassifier
    examples: dict[str, list[LabelledExample]]
    encoded: dict[str, Encoded]
    features: Features
    probe: Probe
    base_logits: torch.Tensor
    baseline_answers: Mapping[str, Sequence[Any]]
    test_logits: torch.Tensor
    answer_seconds: float
    # Answers of the folds of a cross-validation, in place of those to the test rows.
    pooled: HeldOutTexts | None = None

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Numbers that the head gives for a row."""

    @abstractmethod
    def read_examples(self) -> dict[str, list[LabelledExample]]:
        """Split name -> its texts with the expected answers."""

    @abstractmethod
    def target(self, example: LabelledExample) -> Any:
        """What the head should give for a row: a label number, or a number for each output."""

    @abstractmethod
    def loss_sum(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The summed loss of rows."""

    @abstractmethod
    def fit_probe(self) -> Probe:
        """The probe on the features of the training rows."""

    @abstractmethod
    def answer_baselines(self) -> Mapping[str, Sequence[Any]]:
        """Answers to the test rows by baseline, each as cheap as the probe or cheaper."""

    @abstractmethod
    def score(self, logits: torch.Tensor, targets: Sequence[Any]) -> dict[str, float]:
        """The task's scores and the loss of rows."""

    @staticmethod
    @abstractmethod
    def shown(logits: torch.Tensor) -> torch.Tensor:
        """What people see of logits: probabilities, or the numbers themselves."""

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
        self.examples = self.read_examples()
        self.encoded = {}
        for name in SPLITS:
            require_rows(name, self.examples[name])
            cache = TokenCache(self.job.cache, f"{spec.dataset_sha256}/{name}" if spec.dataset_sha256 else "")
            self.encoded[name] = encode(
                self.examples[name], self.target, self.tokenizer, spec.training.max_length, self.report, cache
            )
        self.training_data = TargetRows(self.encoded["train"], self.pad_id, self.accelerator.device, self.loss_sum)
        if cut := self.encoded["train"].cut_rows:
            self.warn(
                f"{cut:,} of {len(self.examples['train']):,} training texts are longer than {spec.training.max_length} "
                "tokens and lose their end.",
                rows=cut,
            )

    def load(self) -> None:
        """See :class:`TaskFamily`."""
        head = make_head(self.job.base.hidden_size, self.outputs)
        self.model = PooledClassifier(self.load_body(self.job.spec.base_precision), head, self.job.base)
        rows = list(self.encoded.values())
        if all(split.token_types is not None for split in rows):
            types = [own for split in rows for own in split.token_types or ()]
            self.model.tell_apart([row for split in rows for row in split.tokens], types)
        self.model.to(self.accelerator.device)

    def load_body(self, precision: str) -> nn.Module:
        """See :class:`TaskFamily`."""
        return load_encoder(self.job.base_folder, self.job.base, precision)

    def measure_base(self) -> None:
        """Fit the probe, score it on the test rows, and start the head from it."""
        spec = self.job.spec
        self.features = Features(
            self.model, self.job.base, self.encoded, self.evaluation, self.job.cache, spec.base_precision
        )
        if self.wants_forgetting(forgetting.encode(self.tokenizer).lengths):
            self.forgetting_baseline = forgetting.correct_answers(self.model, self.tokenizer, self.evaluation)
        self.probe = self.fit_probe()
        self.report_probe(self.probe)
        self.base_logits = self.probe.logits(self.features.of("test"))
        self.baseline_answers = self.answer_baselines() if self.accelerator.is_main_process else {}
        if self.starts_from_probe:
            self.probe.copy_to(self.model.head)

    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """See :class:`TaskFamily`."""
        ids, mask = self.evaluation.collate(self.encoded["train"].tokens, rows)
        return {"input_ids": ids, "attention_mask": mask, **self.model.token_types_of(ids, mask)}

    def repeated_rows(self) -> list[list[int]]:
        """See :class:`TaskFamily`."""
        return [row for name in REPEATED_SPLITS for row in self.encoded[name].tokens]

    def use_cached_vectors(self) -> bool:
        """See :class:`TaskFamily`: the vectors that the probe was fitted on."""
        if trainable_parameters(self.model.encoder):
            return False
        self.model.cached_vectors = {
            row_key(row): vector
            for name in REPEATED_SPLITS
            for row, vector in zip(self.encoded[name].tokens, self.features.of(name), strict=True)
        }
        return True

    def read_validation(self) -> torch.Tensor:
        """Logits of the validation rows."""
        return evaluate.read_all(self.model, self.encoded["validation"], self.evaluation, sharded=True)

    def read_exactly(self, split: str) -> torch.Tensor:
        """Logits of a split in fp32, the precision that the download is used in."""
        return evaluate.read_all(self.model, self.encoded[split], self.evaluation, exact=True)

    def validate(self) -> dict[str, float]:
        """See :class:`TaskFamily`."""
        return self.score(self.read_validation(), self.encoded["validation"].labels)

    def test(self) -> None:
        """See :class:`TaskFamily`."""
        began = time.monotonic()
        self.test_logits = self.read_exactly("test")
        self.answer_seconds = (time.monotonic() - began) / len(self.encoded["test"].labels)
        if self.forgetting_baseline is not None:
            after = forgetting.correct_answers(self.model, self.tokenizer, self.evaluation)
            self.forgetting = forgetting.compare(self.forgetting_baseline, after)

    @property
    def tested(self) -> HeldOutTexts:
        """The rows that the results are about, with their answers."""
        return self.pooled or self.answered()

    def answered(self) -> HeldOutTexts:
        """The test rows with their answers."""
        return HeldOutTexts(self.examples["test"], self.test_logits, self.base_logits, self.baseline_answers)

    def held_out(self) -> dict[str, Any]:
        """See :class:`TaskFamily`."""
        return self.tested.as_json()

    def pool(self, folds: Sequence[dict[str, Any]]) -> None:
        """See :class:`TaskFamily`."""
        self.pooled = HeldOutTexts.joined(folds, [example for split in self.examples.values() for example in split])
        self.variance_factor = pooled_variance_factor(len(folds))

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

    def check_reload(self, adapter: Path) -> None:
        """See :class:`TaskFamily`."""
        texts = [example.texts for example in self.examples["test"][:RELOAD_ROWS]]
        predictor = self.open_predictor(adapter, self.job.base_folder, self.job.base)
        assert isinstance(predictor, HeadPredictor)
        logits = predictor.logits(texts)
        difference = float((self.shown(logits) - self.shown(self.test_logits[: len(texts)])).abs().max())
        if difference > RELOAD_TOLERANCE:
            raise reload_failed(f"answers differ by {difference:.4f}")

    def texts(self, *splits: str) -> Iterator[list[str]]:
        """The texts of splits."""
        for name in splits:
            yield [example.text for example in self.examples[name]]
