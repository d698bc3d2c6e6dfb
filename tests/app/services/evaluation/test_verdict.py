"""What the verdict rules share: plateaus of checks, the last step, smoothing."""

from app.models import RUNNING, Job, Run
from app.services.evaluation.verdict import last_step, plateau, smoothed


def run(**results: int) -> Run:
    return Run(name="r", job=Job(state=RUNNING, progress={}), spec={}, results=results)


def quality(rank: float) -> str:
    return f"{rank:.2f}"


def test_plateau_needs_two_later_checks_without_gain() -> None:
    checks = [(10, 0.5), (20, 0.9), (30, 0.8)]
    assert plateau(run(), checks, quality) is None
    found = plateau(run(), [*checks, (40, 0.9)], quality)
    assert (
        found is not None
        and "step 20" in found.title
        and found.evidence == "0.90 there; 2 later checks were not better."
    )


def test_later_best_step_of_the_trainer_is_no_plateau() -> None:
    assert plateau(run(best_step=40), [(10, 0.5), (20, 0.9), (30, 0.8), (40, 0.9)], quality) is None


def test_last_step_is_the_highest_of_all_curves() -> None:
    assert last_step({"train/loss": [[1, 2.0], [7, 1.0]], "eval/loss": [[5, 1.0]], "eval/f1": []}) == 7
    assert last_step({}) == 0


def test_smoothing_averages_tenths_of_a_curve() -> None:
    assert smoothed([float(value) for value in range(20)]) == [value + 0.5 for value in range(0, 20, 2)]
    assert smoothed([1.0, 2.0]) == [1.0, 2.0]
