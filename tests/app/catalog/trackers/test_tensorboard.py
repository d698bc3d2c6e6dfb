"""TensorBoard's event file, read back with its own reader."""

import math
from pathlib import Path

import pytest

from tests.app.catalog.trackers.exported import RUN, written


def test_tensorboard_export_holds_every_point(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result, files = written(tmp_path, "tensorboard")
    assert result["address"] == "" and result["bytes"] > 1000
    read = EventAccumulator(str(files / RUN.id), size_guidance={"scalars": 0}).Reload()
    assert set(read.Tags()["scalars"]) == {"train/loss", "eval/accuracy", "test/accuracy"}
    losses = read.Scalars("train/loss")
    assert [(e.step, e.wall_time) for e in losses[:2]] == [(1, 1.7e9 + 1), (2, 1.7e9 + 2)] and len(losses) == 1050
    assert losses[3].value == pytest.approx(0.25) and math.isnan(losses[-1].value)
