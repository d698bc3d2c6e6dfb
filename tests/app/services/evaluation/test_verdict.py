"""What the verdict rules share: plateaus of checks, the last step, smoothing."""

from app.models import RUNNING, Job, Run
from app.services.evaluation.verdict import Points, last_step, plateau, smoothed

ACCURACY = [[10, 0.5], [20, 0.9], [30, 0.8], [40, 0.9]]


def run(**results: int) -> Run:
    return Run(name="r", task_type="text-classification", job=Job(state=RUNNING, progress={}), spec={}, results=results)


def quality(value: float) -> str:
    return f"{value:.2f}"


def test_plateau_needs_two_later_checks_without_gain() -> None:
    assert plateau(run(), {"eval/accuracy": ACCURACY[:3]}, quality) is None
    found = plateau(run(), {"eval/accuracy": ACCURACY}, quality)
    assert (
        found is not None
        and "step 20" in found.title
        and found.evidence == "0.90 there; 2 later checks were not better."
    )


def test_plateau_follows_the_rule_that_the_checkpoint_is_chosen_by() -> None:
    """Of accuracies as close as these the lower loss decides, while the run works and in its results."""
    points: Points = {
        "eval/accuracy": [[10, 0.9], [20, 0.895], [30, 0.895], [40, 0.895]],
        "eval/loss": [[10, 0.5], [20, 0.4], [30, 0.3], [40, 0.2]],
    }
    assert plateau(run(), points, quality) is None
    assert plateau(run(best_step=40), {"eval/accuracy": ACCURACY}, quality) is None


def test_last_step_is_the_highest_of_all_curves() -> None:
    assert last_step({"train/loss": [[1, 2.0], [7, 1.0]], "eval/loss": [[5, 1.0]], "eval/f1": []}) == 7
    assert last_step({}) == 0


def test_smoothing_averages_tenths_of_a_curve() -> None:
    assert smoothed([float(value) for value in range(20)]) == [value + 0.5 for value in range(0, 20, 2)]
    assert smoothed([1.0, 2.0]) == [1.0, 2.0]
