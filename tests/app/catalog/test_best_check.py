"""The best check: most right, the lower loss between close ones, never worse than the linear probe at step 0."""

import pytest

from app.catalog.best_check import best_step, is_better
from app.catalog.task_types import task_type

LABELS, WRITING = task_type("text-classification"), task_type("instruction")


def checks(*pairs: tuple[float, float]) -> dict[int, dict[str, float]]:
    """Accuracy and loss of the checks after 0, 10, 20 ... updates."""
    return {10 * at: {"accuracy": accuracy, "loss": loss} for at, (accuracy, loss) in enumerate(pairs)}


@pytest.mark.parametrize(
    ("pairs", "step"),
    [
        (((0.80, 0.6), (0.90, 0.5), (0.85, 0.4)), 10),
        (((0.80, 0.6), (0.90, 0.5), (0.895, 0.4)), 20),
        (((0.80, 0.6), (0.90, 0.7), (0.95, 0.61)), 0),
        (((0.80, 0.6), (0.90, float("nan"))), 0),
        (((0.80, 0.6), (0.795, 0.3)), 0),
        (((0.80, 0.6), (0.90, 0.5), (0.895, 0.4), (0.795, 0.1)), 20),
        (((0.80, 0.6), (0.80, 0.6)), 0),
    ],
    ids=[
        "most right",
        "lower loss of close ones",
        "loss above the probe's",
        "no loss",
        "fewer right than the probe",
        "none of those again",
        "the first of equal ones",
    ],
)
def test_best_step(pairs: tuple[tuple[float, float], ...], step: int) -> None:
    assert best_step(checks(*pairs), LABELS) == step


def test_without_a_check_before_the_first_step_no_loss_is_too_high() -> None:
    found = {step: scores for step, scores in checks((0, 0), (0.8, 0.5), (0.9, 0.9)).items() if step}
    assert best_step(found, LABELS) == 20


def test_lower_perplexity_is_better_and_the_loss_tells_equal_ones_apart() -> None:
    found = {
        10: {"perplexity": 9.0, "loss": 2.2},
        20: {"perplexity": 8.9, "loss": 2.19},
        30: {"perplexity": 9.5, "loss": 2.3},
    }
    assert best_step(found, WRITING) == 20
    assert is_better({"perplexity": 9.0, "loss": 2.1}, found[10], None, WRITING)


def test_check_without_the_tasks_metric_is_none() -> None:
    assert best_step({10: {"f1": 0.9}, 20: {"accuracy": 0.5}}, LABELS) is None
