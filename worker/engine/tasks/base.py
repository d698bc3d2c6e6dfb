"""What a family of tasks brings to a run: its data, its model, what a mistake costs, how it is measured and handed over.

The story of a run is told in ``train.py``; it calls these parts in the order in which they stand here.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import nn

from app.errors import StudioError
from app.run_report import Report
from worker.engine.batching.batches import MicroBatch, Update
from worker.engine.modeling.partly_frozen import PartlyFrozen
from worker.engine.runtime.training_job import TrainingJob

SPLITS = ("train", "validation", "test")
# Those that are read in every pass or check.
READ_OFTEN = ("train", "validation")


class TrainingData(Protocol):
    """The training rows, as the loop that learns sees them."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each row."""

    def weight(self, update: Update) -> float:
        """What the summed loss of an update is divided by, so that portions change nothing."""

    def loss(self, model: nn.Module, rows: MicroBatch) -> torch.Tensor:
        """The summed loss (scalar, nats) of some rows, ready to be carried back."""


class Family(ABC):
    """One run's parts. ``model`` is there after :meth:`load`, ``lessons`` after :meth:`read`."""

    model: PartlyFrozen
    lessons: TrainingData

    def __init__(self, order: TrainingJob, report: Report, accelerator: Accelerator) -> None:
        self.order, self.report, self.accelerator = order, report, accelerator

    @property
    @abstractmethod
    def tokenizer(self) -> Any:
        """The tokenizer, which travels with the download."""

    @property
    @abstractmethod
    def body(self) -> nn.Module:
        """The part of the model that the method tunes, as the method left it."""

    @property
    @abstractmethod
    def pad_id(self) -> int:
        """The token that fills rows up."""

    @abstractmethod
    def read(self) -> None:
        """Read the rows and turn them into tokens; tells what is cut."""

    @abstractmethod
    def load(self) -> None:
        """Load the untouched model."""

    @abstractmethod
    def load_body(self, precision: str) -> nn.Module:
        """The untouched body, its matrices held in ``full`` precision, ``nf4`` or ``int8``."""

    @abstractmethod
    def measure_base(self) -> None:
        """Note how the untouched model does on the test rows, before a method changes it."""

    @abstractmethod
    def adapt(self, total_steps: int) -> None:
        """Apply the method to the body; the run will have this many updates."""

    @abstractmethod
    def read_often(self) -> list[list[int]]:
        """Token ids of the rows that are read in every pass or check."""

    def knows_vectors(self) -> bool:
        """Whether nothing in the body learns and its answers to these rows are at hand; if so, they are used from now on."""
        return False

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Scores of the validation rows, among them ``loss`` and the task's primary metric."""

    def show(self, step: int) -> None:  # noqa: B027 - labels have nothing to show
        """Let people see what the model does by now, after a check; must leave the model and chance as they were."""

    @abstractmethod
    def test(self) -> None:
        """Answer the test rows with the best weights, in fp32: the precision that people will use the adapter in."""

    @abstractmethod
    def results(self) -> dict[str, Any]:
        """This family's part of ``result.json``: ``metrics``, ``intervals``, ``baseline``, ``test_rows``, ``cut_rows``..."""

    @abstractmethod
    def write(self, folder: Path, results: dict[str, Any]) -> None:
        """Add the family's own files to the download: card, example, and what the body does not hold."""

    @abstractmethod
    def check_reload(self, adapter: Path) -> None:
        """Load the download as a stranger would; one that answers differently is not given out."""

    @abstractmethod
    def answers(self) -> list[dict[str, Any]]:
        """Rows for ``predictions.jsonl``."""


def require_rows(name: str, rows: Sequence[Any]) -> None:
    """Refuse a part of the data that is empty."""
    if not rows:
        raise StudioError(
            "empty_split", f"The {name} part of the data has no rows.", "Upload more rows, at least 10 in all."
        )


def reload_failed(how: str) -> StudioError:
    """The refusal of a download that does not answer as the trained model does."""
    return StudioError(
        "adapter_check_failed",
        f"The saved adapter answers differently from the trained model ({how}).",
        "Resume the run to save it again; if it happens again, report it with the log.",
    )
