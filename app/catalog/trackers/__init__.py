"""The trackers that runs can be exported to: one file each and one line here."""

from app.catalog.trackers.base import TrackedRun, Tracker
from app.catalog.trackers.mlflow import MLflow
from app.catalog.trackers.tensorboard import TensorBoard
from app.catalog.trackers.trackio import Trackio
from app.catalog.trackers.wandb import WeightsAndBiases
from app.errors import Rejected

TRACKERS: tuple[type[Tracker], ...] = (TensorBoard, MLflow, WeightsAndBiases, Trackio)

__all__ = ["TRACKERS", "TrackedRun", "Tracker", "find_tracker"]


def find_tracker(name: str) -> Tracker:
    """The tracker of this name.

    Raises:
        Rejected: there is none.
    """
    for tracker in TRACKERS:
        if tracker.name == name:
            return tracker()
    names = ", ".join(tracker.name for tracker in TRACKERS)
    raise Rejected("unknown_tracker", f"There is no tracker {name[:40]!r}.", f"Choose one of: {names}.")
