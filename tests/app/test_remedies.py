"""Every rule offers one click: what it changes, computed by hand; and rules stay silent where they must."""

from typing import Any

import pytest

from app.models import RUNNING, SUCCEEDED, Job, Run
from app.services.evaluation import remedies, verdicts
from tests.app.test_curve_verdicts import RATE, curve, early, falling, flat


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
    ("running away", a_run(RUNNING), AWAY, {"training": {"learning_rate": 0.00033}}),
    ("hardly moves", a_run(RUNNING), STUCK, {"training": {"learning_rate": 0.003}}),
    ("come to rest", a_run(RUNNING), RESTS, {"training": {"epochs": 2.0}}),
    ("memorise", a_run(RUNNING), OVERFIT, {"training": {"epochs": 2.0}}),
    ("stopped improving", a_run(RUNNING), PLATEAU, {"training": {"patience": 3}}),
    ("slower", a_run(RUNNING), SLOW, {"training": {"batch_size": 16}}),
    ("GPU is not kept busy", a_run(RUNNING), IDLE, {"training": {"batch_size": 64}}),
    ("learned nothing", scored(0.5, 0.8, 1000, 0.5), {}, {"training": {"epochs": 8.0}}),
    ("did not improve", scored(0.93, 0.93, 3080), {}, {"page": "methods"}),
    ("Too few test rows", scored(0.9, 0.5, 40), {}, {"page": "data"}),
    ("intervals overlap", scored(0.935, 0.93, 3080), {}, {"page": "data"}),
    ("were cut", a_run(cut_rows=60, train_rows=1000), {}, {"training": {"max_length": 256}}),
    (
        "made the model worse",
        written(9.0, 8.0, 0.01, 0.2),
        {"train/learning_rate": RATE},
        {"training": {"learning_rate": 0.00033}},
    ),
    ("Cannot be told apart", written(7.9, 8.0, -0.2, 0.1), {}, {"training": {"epochs": 8.0}}),
    ("by heart", written(1.01, 8.0, -2.0, -1.0), {}, {"page": "data"}),
    ("could not be used", a_run(task="chat", left_out_rows=3), {}, {"training": {"max_length": 256}}),
]


@pytest.mark.parametrize(("words", "run", "points", "change"), CASES, ids=[case[0] for case in CASES])
def test_each_verdict_comes_with_its_remedy(words: str, run: Run, points: dict, change: dict) -> None:
    told = next(each for each in verdicts.judge(run, points) if words in each["title"])
    assert {name: value for name, value in told["remedy"].items() if name != "words"} == change
    assert told["remedy"]["words"] and told["evidence"] and told["tip"]


QUIET: list[tuple[str, Run, dict[str, Any]]] = [
    ("stopped being a number", a_run(RUNNING), {"train/loss": curve(falling)}),
    ("memorise", a_run(RUNNING), {"train/loss": curve(falling), "eval/loss": [[25, 0.9], [50, 0.6], [100, 0.61]]}),
    ("stopped improving", a_run(RUNNING), {"eval/accuracy": [[10, 0.80], [20, 0.90], [30, 0.93], [40, 0.92]]}),
    (
        "busy",
        a_run(RUNNING),
        {"system/gpu_percent": curve(lambda step: 95), "system/cpu_percent": curve(lambda step: 9)},
    ),
    ("did not improve", scored(0.95, 0.90, 3080), {}),
    ("Too few test rows", scored(0.95, 0.90, 3080), {}),
    ("made the model worse", written(7.0, 8.0, -0.3, -0.1), {}),
    ("by heart", written(7.0, 8.0, -0.3, -0.1), {}),
]


@pytest.mark.parametrize(("words", "run", "points"), QUIET, ids=[case[0] for case in QUIET])
def test_rules_stay_silent_where_nothing_is_wrong(words: str, run: Run, points: dict) -> None:
    assert not any(words in each["title"] for each in verdicts.judge(run, points))


def test_remedies_stay_inside_what_a_run_may_have() -> None:
    run = a_run()
    run.spec = {"training": {"epochs": 60, "batch_size": 1, "max_length": 128}}
    assert remedies.more_passes(run) is None and remedies.smaller_updates(run) is None
    assert remedies.passes_until(run, {"eval/loss": [[100, 1.0]]}, 100) is None
