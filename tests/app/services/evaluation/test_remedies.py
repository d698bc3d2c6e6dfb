"""Every rule offers a remedy whose change was computed by hand, and stays silent where nothing is wrong."""

from typing import Any

import pytest

from app.models import RUNNING, SUCCEEDED, Job, Run
from app.services.evaluation import remedies, verdicts
from tests.app.services.evaluation.curves import RATE, curve, early, falling, flat


def a_run(state: str = SUCCEEDED, task: str = "text-classification", **results: Any) -> Run:
    training = {"max_length": 128, "epochs": 4, "batch_size": 32}
    job = Job(state=state, progress={"total_steps": 100})
    return Run(name="r", task_type=task, job=job, spec={"training": training}, results=results or None)


def scored(tuned: float, probe: float, rows: int, majority: float = 0.1) -> Run:
    baseline = {"majority": {"accuracy": majority}, "linear_probe": {"accuracy": probe}}
    return a_run(metrics={"accuracy": tuned}, baseline=baseline, test_rows=rows)


def written(tuned: float, base: float, low: float, high: float) -> Run:
    return a_run(
        task="chat",
        metrics={"perplexity": tuned},
        baseline={"untouched": {"perplexity": base}},
        change={"interval": [low, high]},
        test_rows=50,
    )


OVERFIT = {"train/loss": curve(falling), "eval/loss": [[25, 0.9], [50, 0.5], [75, 0.6], [100, 0.8]]}
AWAY = {
    "train/loss": curve(lambda step: 2.0 * 0.9**step + 0.1 if step < 50 else 0.1 * step),
    "train/learning_rate": RATE,
}
NAN = {"train/loss": [[1, 2.0], [2, None], [3, None]], "train/learning_rate": RATE}
SLOW = {"train/rows_per_second": curve(lambda step: 200 if step < 90 else 40)}
IDLE = {"system/gpu_percent": curve(lambda step: 12), "system/cpu_percent": curve(lambda step: 90)}
RESTS = {"train/loss": curve(early, noise=0.01)}
STUCK = {"train/loss": curve(flat), "train/learning_rate": RATE}
PLATEAU = {"eval/accuracy": [[10, 0.80], [20, 0.93], [30, 0.92], [40, 0.91]]}

CASES: list[tuple[str, Run, dict[str, Any], dict[str, Any]]] = [
    ("stopped being a number", a_run(RUNNING), NAN, {"training": {"learning_rate": 0.00033}}),
    ("Training diverged", a_run(RUNNING), AWAY, {"training": {"learning_rate": 0.00033}}),
    ("hardly moves", a_run(RUNNING), STUCK, {"training": {"learning_rate": 0.003}}),
    ("plateaued", a_run(RUNNING), RESTS, {"training": {"epochs": 2.0}}),
    ("Overfitting", a_run(RUNNING), OVERFIT, {"training": {"epochs": 2.0}}),
    ("stopped improving", a_run(RUNNING), PLATEAU, {"training": {"patience": 3}}),
    ("Throughput dropped", a_run(RUNNING), SLOW, {"training": {"batch_size": 16}}),
    ("Low GPU utilisation", a_run(RUNNING), IDLE, {"training": {"batch_size": 64}}),
    ("No better than the majority class", scored(0.5, 0.8, 1000, 0.5), {}, {"training": {"epochs": 8.0}}),
    ("did not improve", scored(0.93, 0.93, 3080), {}, {"page": "methods"}),
    ("Too few test rows", scored(0.9, 0.5, 40), {}, {"training": {"cross_validation_folds": 5}}),
    ("intervals overlap", scored(0.935, 0.93, 3080), {}, {"page": "split"}),
    ("were cut", a_run(cut_rows=60, train_rows=1000), {}, {"training": {"max_length": 256}}),
    (
        "made the model worse",
        written(9.0, 8.0, 0.01, 0.2),
        {"train/learning_rate": RATE},
        {"training": {"learning_rate": 0.00033}},
    ),
    ("No significant difference", written(7.9, 8.0, -0.2, 0.1), {}, {"training": {"epochs": 8.0}}),
    ("by heart", written(1.01, 8.0, -2.0, -1.0), {}, {"page": "data"}),
    ("could not be used", a_run(task="chat", left_out_rows=3), {}, {"training": {"max_length": 256}}),
]


@pytest.mark.parametrize(("words", "run", "points", "change"), CASES, ids=[case[0] for case in CASES])
def test_verdict_has_its_remedy(words: str, run: Run, points: dict[str, Any], change: dict[str, Any]) -> None:
    verdict = next(verdict for verdict in verdicts.assess(run, points) if words in verdict.title)
    remedy = verdict.as_dict()["remedy"]
    assert {name: value for name, value in remedy.items() if name != "words"} == change
    assert remedy["words"] and verdict.evidence and verdict.tip


QUIET: list[tuple[str, Run, dict[str, Any]]] = [
    ("stopped being a number", a_run(RUNNING), {"train/loss": curve(falling)}),
    ("Overfitting", a_run(RUNNING), {"train/loss": curve(falling), "eval/loss": [[25, 0.9], [50, 0.6], [100, 0.61]]}),
    ("stopped improving", a_run(RUNNING), {"eval/accuracy": [[10, 0.80], [20, 0.90], [30, 0.93], [40, 0.92]]}),
    (
        "utilisation",
        a_run(RUNNING),
        {"system/gpu_percent": curve(lambda step: 95), "system/cpu_percent": curve(lambda step: 9)},
    ),
    ("did not improve", scored(0.95, 0.90, 3080), {}),
    ("Too few test rows", scored(0.95, 0.90, 3080), {}),
    ("made the model worse", written(7.0, 8.0, -0.3, -0.1), {}),
    ("by heart", written(7.0, 8.0, -0.3, -0.1), {}),
]


@pytest.mark.parametrize(("words", "run", "points"), QUIET, ids=[case[0] for case in QUIET])
def test_rules_stay_silent_where_nothing_is_wrong(words: str, run: Run, points: dict[str, Any]) -> None:
    assert not any(words in verdict.title for verdict in verdicts.assess(run, points))


def test_no_text_is_to_be_longer_than_the_model_reads() -> None:
    run = a_run(cut_rows=60, train_rows=1000)
    for present, wanted in ((128, 256), (300, 512), (512, None)):
        run.spec = {"training": {"max_length": present}, "base_model": "starter-encoder"}
        verdict = next(verdict for verdict in verdicts.assess(run, {}) if "were cut" in verdict.title)
        assert (verdict.remedy.training if verdict.remedy else None) == ({"max_length": wanted} if wanted else None)
    assert "reads no more than 512 tokens" in verdict.tip


def test_no_more_passes_are_offered_over_rows_that_are_known_by_heart() -> None:
    run = scored(0.5, 0.8, 1000, 0.5)
    run.results = {**(run.results or {}), "train_loss": 0.0}
    verdict = next(verdict for verdict in verdicts.assess(run, {}) if "majority class" in verdict.title)
    assert verdict.remedy == remedies.CHECK_DATA and "by heart" in verdict.tip
    assert remedies.more_epochs(run) is None


def test_remedies_stay_inside_the_limits_of_settings() -> None:
    run = a_run()
    run.spec = {"training": {"epochs": 60, "batch_size": 1, "max_length": 128}}
    assert remedies.more_epochs(run) is None and remedies.smaller_batches(run) is None
    assert remedies.epochs_until(run, {"eval/loss": [[100, 1.0]]}, 100) is None


def test_the_rate_of_the_schedule_is_scaled_and_not_what_a_short_run_reached_of_it() -> None:
    found = remedies.scaled_learning_rate(
        a_run(SUCCEEDED, learning_rate=0.002), {"train/learning_rate": [[5, 0.0015]]}, 3.0
    )
    assert found is not None and found.training == {"learning_rate": 0.006}
