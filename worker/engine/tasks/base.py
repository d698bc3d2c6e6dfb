"""What a family of tasks brings to a run: data, model, loss, evaluation, results and the files of its download.

``loop/train.py`` tells a run and calls these methods in the order in which they stand here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import nn

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.task_types.text_pairs import TextInput
from app.errors import StudioError
from app.run_report import Report
from worker.engine.batching.batches import MicroBatch, Update
from worker.engine.modeling.partly_frozen import PartlyFrozen
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.results import ForgettingResult, RunResults, TaskResults
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.forgetting_limits import is_wanted
from worker.engine.tasks.linear_probe import Probe

# The splits that every epoch or evaluation reads again.
REPEATED_SPLITS = ("train", "validation")
# The download, loaded afresh, must give the logits of the model in memory; both are fp32, so only rounding differs.
RELOAD_TOLERANCE = 1e-3
RELOAD_ROWS = 32


class TrainingData(Protocol):
    """The training rows, as the training loop sees them."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each row."""

    def begin(self, update: Update) -> None:
        """Called before the first micro-batch of an update."""

    def weight(self, update: Update) -> float:
        """What the summed loss of an update is divided by, so that micro-batches change nothing."""

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """The summed loss (scalar, nats) of some rows, with its graph."""


class TextPredictor(Protocol):
    """Answers texts with a download, in fp32."""

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """One answer for each text, or each pair of texts, as JSON, in the form of the task."""


@dataclass(frozen=True)
class PredictionRow:
    """A line of ``predictions.jsonl``: a held-out row with the base model's and the tuned model's answer."""

    row_id: int
    input: str
    expected: str
    # None where the base model was not asked.
    base_answer: str | None
    answer: str
    score: float
    split: str = "test"

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


class TaskFamily(ABC):
    """The parts of one run. ``training_data`` is there after :meth:`read`, ``model`` after :meth:`load`."""

    model: PartlyFrozen
    training_data: TrainingData
    # Rows of a batch that a method may look at before training.
    context_rows = 16
    # Whether the output of frozen lower blocks may be kept; only where all blocks are one sequence.
    caches_hidden_states = True
    # What the base model answers to the texts that measure forgetting, if that was asked for.
    forgetting_baseline: Any = None
    forgetting: ForgettingResult | None = None
    # Of the scores on the test rows, as `app.intervals.pooled_variance_factor` has it; 1 for independent rows.
    variance_factor = 1.0

    def __init__(self, job: TrainingJob, report: Report, accelerator: Accelerator) -> None:
        self.job, self.report, self.accelerator = job, report, accelerator
        # Travels with the download.
        self.tokenizer: Any = load_tokenizer(job.base_folder)

    @classmethod
    def open_predictor(cls, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> TextPredictor:
        """What answers texts with the download in ``folder``.

        Raises:
            StudioError: ``cannot_label``: models of this task write text instead.
        """
        raise StudioError("cannot_label", "This model writes text and labels nothing.", "Ask it on the Chat page.")

    @property
    @abstractmethod
    def body(self) -> nn.Module:
        """The part of the model that the method tunes, as the method left it."""

    @property
    def starts_from_probe(self) -> bool:
        """Whether the model answers as a fitted baseline before the first update, which is then worth a check."""
        return False

    @abstractmethod
    def set_body(self, body: nn.Module) -> None:
        """Replace the part of the model that the method tunes."""

    def set_head(self, weights: Mapping[str, torch.Tensor]) -> None:  # noqa: B027 - most heads are part of the body
        """Put weights into the head, if the model has one outside of its body."""

    def head_weights(self) -> dict[str, torch.Tensor]:
        """A copy of the head's weights, empty where the head is a part of the body."""
        return {}

    @property
    def pad_id(self) -> int:
        """The token that fills up a row."""
        return int(self.tokenizer.pad_token_id or 0)

    @property
    def evaluation(self) -> EvaluationLoop:
        """How this run passes over rows without training."""
        return EvaluationLoop(self.accelerator, self.report, self.pad_id)

    @abstractmethod
    def read(self) -> None:
        """Read the rows and tokenize them; reports what is truncated."""

    @abstractmethod
    def load(self) -> None:
        """Load the base model."""

    @abstractmethod
    def load_body(self, precision: str) -> nn.Module:
        """A fresh body of the base model, its matrices held in ``full`` precision, ``nf4`` or ``int8``."""

    @abstractmethod
    def measure_base(self) -> None:
        """Score the base model on the test rows, before a method changes it."""

    def adapt(self, total_steps: int) -> None:
        """Apply the method to the body; the run will have this many updates."""
        self.set_body(self.job.spec.method.apply(self.body, self.run_context(total_steps)))
        self.model.to(self.accelerator.device)

    def run_context(self, total_steps: int) -> RunContext:
        """What a method may know of its run: some training batches with their loss, drawn by the seed alone."""
        method, seed = self.job.spec.method, self.job.spec.training.seed
        rng = torch.Generator().manual_seed(seed)
        permutation = torch.randperm(len(self.training_data.lengths), generator=rng).tolist()
        chosen = permutation[: self.context_rows * method.batches_wanted]
        batches = [chosen[start : start + self.context_rows] for start in range(0, len(chosen), self.context_rows)]

        def loss(number: int) -> torch.Tensor:
            self.model.eval()
            rows = batches[number]
            return self.training_data.loss(self.model, rows) / self.training_data.weight([rows])

        return RunContext(
            total_steps=total_steps,
            seed=seed,
            batches=[self.network_inputs(rows) for rows in batches],
            loss=loss,
            tokenizer=self.tokenizer,
            **self.extra_context(),
        )

    @abstractmethod
    def network_inputs(self, rows: MicroBatch) -> dict[str, torch.Tensor]:
        """Some training rows as keyword arguments of the body, one row each."""

    def extra_context(self) -> dict[str, Any]:
        """Further fields of :class:`RunContext`."""
        return {}

    @abstractmethod
    def repeated_rows(self) -> list[list[int]]:
        """Token ids of the rows of :data:`REPEATED_SPLITS`."""

    def use_cached_vectors(self) -> bool:
        """Take the body's output for these rows from a cache from now on; False if there is none or the body trains."""
        return False

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Scores of the validation rows, among them ``loss`` and the task's primary metric."""

    def report_samples(self, step: int) -> None:  # noqa: B027 - only generated text is worth showing
        """Report what the model generates by now; leaves model and random state as they were."""

    @abstractmethod
    def test(self) -> None:
        """Answer the test rows with the best weights in fp32, the precision that the download is used in."""

    def held_out(self) -> dict[str, Any]:
        """What one fold of a cross-validation answered to its rows, after :meth:`test`: JSON, from which :meth:`pool` scores."""
        raise _no_folds(self.job.spec.task_type)

    def pool(self, folds: Sequence[dict[str, Any]]) -> None:
        """Take the answers of all folds, as :meth:`held_out` gave them, in place of those to the test rows.

        Called after :meth:`test` of the model that is kept, whose splits hold every row of the folds.
        """
        raise _no_folds(self.job.spec.task_type)

    @abstractmethod
    def results(self) -> TaskResults:
        """The scores of tuned model and baselines on the test rows."""

    def write_head(self, folder: Path) -> None:
        """Add what a download or a checkpoint answers with and the body does not hold: head and labels, where there are any."""
        return

    @abstractmethod
    def write(self, folder: Path, results: RunResults) -> None:
        """Add card and example to the download."""

    @abstractmethod
    def check_reload(self, adapter: Path) -> None:
        """Load the download as its users will.

        Raises:
            StudioError: ``adapter_check_failed``: it answers differently from the model in memory.
        """

    @abstractmethod
    def predictions(self) -> Iterable[PredictionRow]:
        """The held-out rows with their answers."""

    def wants_forgetting(self, measured_lengths: Sequence[int]) -> bool:
        """Whether this process measures forgetting, on texts of these lengths (tokens)."""
        training = self.job.spec.training
        return self.accelerator.is_main_process and is_wanted(
            training.measure_forgetting, sum(measured_lengths), self.training_data.lengths, training.epochs
        )

    def report_probe(self, probe: Probe) -> None:
        """Report which penalty of the linear probe was chosen, and how it answered rows that were held out."""
        if probe.strength:
            value, accuracy, loss = probe.strength
            self.report.event(
                "notice",
                f"The penalty of the linear probe was chosen by cross-validation on training rows: C = {value:g}, accuracy "
                f"{accuracy:.1%}, loss {loss:.3f}.",
                strength=value,
                accuracy=accuracy,
                loss=loss,
            )

    def warn(self, message: str, **data: Any) -> None:
        """Report something about the data or the model that the results suffer from."""
        self.report.event("notice", message, severity="warning", **data)


def count_by_split(splits: Mapping[str, Any], count: Callable[[Any], int]) -> dict[str, int]:
    """Split name -> how many of something it has, for the splits that have any."""
    counts = {name: count(split) for name, split in splits.items()}
    return {name: number for name, number in counts.items() if number}


def list_counts(counts: Mapping[str, int]) -> str:
    """``"3 of train, 1 of test"``."""
    return ", ".join(f"{number:,} of {name}" for name, number in counts.items())


def require_rows(name: str, rows: Sequence[Any]) -> None:
    """Refuse a split that is empty."""
    if not rows:
        raise StudioError(
            "empty_split", f"The {name} part of the data has no rows.", "Upload more rows, at least 10 in all."
        )


def _no_folds(task: str) -> StudioError:
    return StudioError(
        "no_cross_validation",
        f"The task {task!r} has no cross-validation.",
        "Set `cross_validation_folds` to 0; the test split is used then.",
    )


def reload_failed(how: str) -> StudioError:
    """The refusal of a download that does not answer as the trained model does."""
    return StudioError(
        "adapter_check_failed",
        f"The saved adapter answers differently from the trained model ({how}).",
        "Resume the run to save it again; if it happens again, report it with the log.",
    )
