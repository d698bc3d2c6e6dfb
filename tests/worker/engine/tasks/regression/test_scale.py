"""The scale of numbers."""

from pathlib import Path

import numpy as np
import torch

from worker.engine.tasks.regression.scale import Scale, read_scale


def test_scale_is_read_back_by_name_and_undone(tmp_path: Path) -> None:
    numbers = np.array([[1.0, 500.0], [3.0, 500.0]])
    scale = Scale.of(numbers)
    # The second number never changes, so it keeps its unit.
    assert scale.standardise(numbers).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    scale.write(tmp_path, ["a", "b"])
    turned = read_scale(tmp_path, ["b", "a"])
    assert turned.restore(torch.tensor([[0.0, 1.0]])).tolist() == [[500.0, 3.0]]
