"""Each rule over curves fires on the curves it is for and on no others."""

from typing import Any

import pytest

from app.models import RUNNING, Job, Run
from app.services.evaluation import curve_verdicts, verdicts
from app.services.evaluation.statistics import mcnemar
from tests.app.services.evaluation.curves import RATE, Curve, curve, early, falling, flat


def run() -> Run:
    return Run(
        task_type="text-classification",
        name="r",
        job=Job(state=RUNNING, progress={}),
        spec={"training": {"max_length": 128, "epochs": 6, "batch_size": 32}},
    )


CASES: list[tuple[Any, dict[str, Curve], bool]] = [
    (curve_verdicts.no_learning, {"train/loss": curve(flat)}, True),
    (curve_verdicts.no_learning, {"train/loss": curve(flat), "eval/accuracy": [[50, 0.3], [100, 0.305]]}, True),
    (curve_verdicts.no_learning, {"train/loss": curve(flat), "eval/accuracy": [[50, 0.3], [100, 0.6]]}, False),
    (curve_verdicts.no_learning, {"train/loss": curve(falling)}, False),
    (curve_verdicts.no_learning, {"train/loss": curve(flat, steps=20)}, False),
    (curve_verdicts.no_learning, {"train/loss": curve(lambda step: 0.01)}, False),
    (curve_verdicts.no_learning, {"train/loss": curve(lambda step: 2.3 + step / 20)}, False),
    (curve_verdicts.no_learning, {"train/loss": curve(lambda step: 1.0 - step / 500)}, False),
    (curve_verdicts.loss_plateau, {"train/loss": curve(early, noise=0.01)}, True),
    (curve_verdicts.loss_plateau, {"train/loss": curve(falling)}, False),
    (curve_verdicts.loss_plateau, {"train/loss": curve(flat)}, False),
    (curve_verdicts.loss_plateau, {"train/loss": curve(lambda step: 2.5 * 0.8**step + 0.01)}, False),
    (curve_verdicts.loss_plateau, {"train/loss": curve(early, steps=40)}, False),
    (curve_verdicts.throughput_drop, {"train/rows_per_second": curve(lambda step: 200 if step < 90 else 40)}, True),
    (curve_verdicts.throughput_drop, {"train/rows_per_second": curve(lambda step: 200, noise=0.4)}, False),
    (curve_verdicts.throughput_drop, {"train/rows_per_second": curve(lambda step: 40 if step < 10 else 200)}, False),
    (curve_verdicts.throughput_drop, {"train/rows_per_second": curve(lambda step: 40 if step == 97 else 200)}, False),
    (
        curve_verdicts.low_utilisation,
        {"system/cpu_percent": curve(lambda step: 20), "system/cpu_percent_of_all": curve(lambda step: 25)},
        True,
    ),
    # Other programs had the cores.
    (
        curve_verdicts.low_utilisation,
        {"system/cpu_percent": curve(lambda step: 20), "system/cpu_percent_of_all": curve(lambda step: 97)},
        False,
    ),
    (
        curve_verdicts.low_utilisation,
        {"system/gpu_percent": curve(lambda step: 15), "system/cpu_percent": curve(lambda step: 90)},
        True,
    ),
    (curve_verdicts.low_utilisation, {"system/cpu_percent": curve(lambda step: 5 if step < 6 else 92)}, False),
    (curve_verdicts.low_utilisation, {"system/cpu_percent": curve(lambda step: 10, steps=10)}, False),
    (curve_verdicts.low_utilisation, {"train/loss": curve(falling)}, False),
]


@pytest.mark.parametrize(("rule", "points", "fires"), CASES)
def test_rule_fires_on_its_curves_only(rule: Any, points: dict[str, Curve], fires: bool) -> None:
    found = rule(run(), points)
    assert (found is not None) == fires
    assert not fires or (found in verdicts.assess(run(), points) and found.evidence and found.tip)


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_noisy_run_triggers_no_rule(seed: int) -> None:
    points = {
        "train/loss": curve(falling, noise=0.25, seed=seed),
        "train/rows_per_second": curve(lambda step: 150, noise=0.3, seed=seed),
        "system/cpu_percent": curve(lambda step: 85, noise=0.15, seed=seed),
        "eval/accuracy": [[50, 0.8], [100, 0.9]],
    }
    assert [rule(run(), points) for rule in curve_verdicts.RULES] == [None] * len(curve_verdicts.RULES)


def test_remedy_changes_the_learning_rate() -> None:
    stuck = {"train/loss": curve(flat), "train/learning_rate": RATE}
    found = curve_verdicts.no_learning(run(), stuck)
    assert found is not None and found.remedy is not None and found.remedy.training == {"learning_rate": 0.003}
    away = curve(lambda step: 2.0 * 0.9**step + 0.1 if step < 50 else 0.1 * step)
    worst = verdicts.assess(run(), {"train/loss": away, "train/learning_rate": RATE})[0]
    assert worst.title == "Training diverged."
    assert worst.remedy is not None and worst.remedy.training == {"learning_rate": 0.00033}
    without = verdicts.assess(run(), {"train/loss": away})[0]
    assert without.remedy is None


def test_paired_test_decides_where_intervals_overlap() -> None:
    """90 against 85 of 100 overlaps; five rows gained and none lost is p = 0.06, eight gained would be p = 0.008."""
    tested = run()
    tested.results = {
        "metrics": {"accuracy": 0.90},
        "baseline": {"linear_probe": {"accuracy": 0.82}},
        "test_rows": 100,
    }
    right, base = [True] * 90 + [False] * 10, [True] * 82 + [False] * 18
    titles = [verdict.title for verdict in verdicts.assess(tested, {})]
    assert any("overlap" in title for title in titles)
    found = verdicts.assess(tested, {}, mcnemar(right, base))
    assert any("Clearly better" in verdict.title and "8 rows" in verdict.evidence for verdict in found)
