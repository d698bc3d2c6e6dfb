"""Synthetic curves for tests of verdicts."""

import random
from collections.abc import Callable

Curve = list[list[float]]
RATE = [[step, 1e-3 * min(1, step / 6)] for step in range(1, 101)]


def curve(shape: Callable[[int], float], steps: int = 100, noise: float = 0.03, seed: int = 1) -> Curve:
    rng = random.Random(seed)
    return [[step, shape(step) * (1 + rng.uniform(-noise, noise))] for step in range(1, steps + 1)]


def falling(step: int) -> float:
    return 3.0 * 0.97**step + 0.2


def flat(step: int) -> float:
    return 2.3


def early(step: int) -> float:
    return 2.5 * 0.8**step + 0.6
