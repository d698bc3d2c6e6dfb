"""TensorBoard: an event file with curves, and the settings as hyperparameters."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from app.catalog.trackers.base import TrackedRun, Tracker


class TensorBoard(Tracker):
    """Event files written by TensorBoard's own writer, which needs neither TensorFlow nor torch."""

    name: ClassVar = "tensorboard"
    title: ClassVar = "TensorBoard"
    package: ClassVar = "tensorboard"
    summary: ClassVar = "Event files with every curve, and the settings on the HParams tab."
    after: ClassVar = "Unpack it and run: tensorboard --logdir ."

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        """One folder with one event file; always files."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        writer = EventFileWriter(str(folder / run.id))
        known = {key: value for key, value in run.settings.items() if isinstance(value, bool | int | float | str)}
        settings = hparams_pb(known, trial_id=run.id, start_time_secs=run.started_at)
        writer.add_event(Event(wall_time=run.started_at, summary=settings))
        last = max((step for _, step, _, _ in run.points), default=0)
        results = [(f"test/{key}", last, value, run.ended_at) for key, value in run.results.items()]
        for key, step, value, at in [*run.points, *results]:
            summary = Summary(value=[Summary.Value(tag=key, simple_value=value)])
            writer.add_event(Event(wall_time=at, step=step, summary=summary))
        writer.close()
        return ""
