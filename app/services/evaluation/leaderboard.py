"""The table of an experiment: what each run reached, cost and gained, which are best, which only seem to differ. Pure.

Differences are judged by paired tests on the same rows, corrected for the number of runs; ties are told as ties.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.catalog.methods import method_class
from app.catalog.task_types import task_type
from app.intervals import wilson
from app.models import ACTIVE_STATES, RUNNING, SUCCEEDED, Run
from app.services.evaluation import paired
from app.services.evaluation.advice import advise
from app.services.evaluation.paired import Answers

# Costs this close (2 %) are a tie: a second run of the same settings differs by as much.
TIE = 0.02
# A run is only judged hopeless from this share of its steps on; before, most curves still rise.
HALFWAY = 0.5
# Under which names results keep what the untouched model reaches, the fairest first.
UNTOUCHED = ("linear_probe", "untouched", "base")

Row = dict[str, Any]

COSTS: tuple[tuple[str, Callable[[Mapping[str, Any]], float | None]], ...] = (
    ("trainable_parameters", lambda results: results.get("trainable_parameters")),
    ("peak_memory_bytes", lambda results: results.get("peak_memory_bytes")),
    ("training_seconds", lambda results: (results.get("seconds") or {}).get("training")),
    ("total_seconds", lambda results: (results.get("seconds") or {}).get("total")),
    ("adapter_bytes", lambda results: results.get("adapter_bytes")),
    ("answer_seconds", lambda results: _answer_seconds(results)),
)


def build(
    runs: Sequence[Run], answers: Mapping[str, Answers], stopped: Mapping[str, str], *, growing: bool = False
) -> dict[str, Any]:
    """``{"state", "metric", "base", "base_name", "test_rows", "paired", "rows", "advice", "counts"}`` of an experiment's runs.

    Args:
        runs: all of one task, with their jobs; the order of the queue.
        answers: as :func:`paired.answers_of` returns them.
        stopped: run id -> why it was taken out.
        growing: a search may still add runs, so the table is not final even when none is working.

    A row holds ``id, name, method, method_title, state, progress, phase, quality, interval, base, change, change_interval,
    p_value, verdict`` (against the base), ``rank`` (``best``, ``tied``, ``behind`` or None), the costs of ``COSTS``,
    ``trainable_share``, ``gap`` (test loss minus training loss), ``forgetting``, and ``best_in``: columns it leads.
    """
    metric = _metric(runs)
    rows = [_row(run, metric, stopped) for run in runs]
    finished = [row for row in rows if row["quality"] is not None]
    _judge_against_base(finished, answers, metric["higher_is_better"])
    _rank(finished, answers, metric["higher_is_better"])
    _mark_cheapest(finished)
    active = sum(run.job.state in ACTIVE_STATES for run in runs)
    rows.sort(key=lambda row: _place(row, metric["higher_is_better"]))
    bases = {row["base"] for row in finished}
    sizes = {row["test_rows"] for row in finished}
    test_rows = sizes.pop() if len(sizes) == 1 else None
    return {
        "state": "working" if active or growing else "done",
        "counts": {"runs": len(runs), "finished": len(finished), "active": active},
        "metric": metric,
        "base": bases.pop() if len(bases) == 1 else None,
        "base_name": next((_untouched_name(run.results) for run in runs if run.results), ""),
        "test_rows": test_rows,
        "paired": bool(answers),
        "rows": rows,
        "advice": advise(rows, metric, test_rows, active or int(growing)),
    }


def untouched(results: Mapping[str, Any]) -> Mapping[str, float]:
    """The scores of the untouched model on the same test rows; empty when it was not measured."""
    return (results.get("baseline") or {}).get(_untouched_name(results), {})


def _untouched_name(results: Mapping[str, Any]) -> str:
    baseline = results.get("baseline") or {}
    return next((name for name in UNTOUCHED if baseline.get(name)), "")


def early_stop(runs: Sequence[Run], checks: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Run id -> reason, for runs past halfway whose checks are clearly below the best finished run's.

    Args:
        checks: run id -> best value so far by metric key, as ``metrics.latest_checks`` returns it.
    """
    key = f"eval/{_metric(runs)['key']}"
    if key != "eval/accuracy":
        return {}
    done = [run for run in runs if run.job.state == SUCCEEDED and checks.get(run.id, {}).get(key) is not None]
    if not done:
        return {}
    best = max(done, key=lambda run: checks[run.id][key])
    rows = int(best.dataset_version.split_sizes.get("validation") or 0)
    floor = wilson(checks[best.id][key], rows)[0]
    found = {}
    for run in runs:
        value = checks.get(run.id, {}).get(key)
        if run.job.state != RUNNING or value is None or _share_done(run) < HALFWAY:
            continue
        if wilson(value, rows)[1] < floor:
            found[run.id] = (
                f"Stopped early: halfway through it was right on {value:.1%} of the validation rows, "
                f"clearly below {best.name} with {checks[best.id][key]:.1%}."
            )
    return found


def _row(run: Run, metric: Mapping[str, Any], stopped: Mapping[str, str]) -> Row:
    results = run.results or {}
    quality = (results.get("metrics") or {}).get(metric["key"])
    base = untouched(results).get(metric["key"])
    rows = int(results.get("test_rows") or 0)
    total = results.get("total_parameters")
    trainable = results.get("trainable_parameters")
    return {
        "id": run.id,
        "name": run.name,
        "method": run.method,
        "method_title": method_class(run.method).title,
        "settings": _settings(run),
        "state": run.job.state,
        "phase": run.job.phase,
        "progress": run.job.progress,
        "stopped": stopped.get(run.id),
        "error": ((run.job.error or {}).get("error") or {}).get("message"),
        "quality": quality,
        "interval": _interval(results, metric, quality, rows),
        "test_rows": rows,
        "base": base,
        "change": quality - base if quality is not None and base is not None else None,
        "change_interval": None,
        "p_value": None,
        "verdict": None,
        "rank": None,
        "trainable_share": trainable / total if trainable and total else None,
        "gap": _gap(results),
        "forgetting": results.get("forgetting"),
        "best_in": [],
        **{name: read(results) for name, read in COSTS},
    }


def _settings(run: Run) -> dict[str, Any]:
    rate = run.spec["training"].get("learning_rate")
    return {**{k: v for k, v in run.spec["method"].items() if k != "kind"}, **({"learning_rate": rate} if rate else {})}


def _by_size(value: float, other: float, higher: bool) -> str:
    """The verdict where rows cannot be paired: a difference counts from 2 % on."""
    if math.isclose(value, other, rel_tol=TIE):
        return "unclear"
    return "better" if (value > other) == higher else "worse"


def _judge_against_base(rows: Sequence[Row], answers: Mapping[str, Answers], higher: bool) -> None:
    found = {}
    for row in rows:
        mine = answers.get(row["id"])
        test = paired.against_base(mine) if mine else None
        if test:
            found[row["id"]] = test
    told = paired.corrected(found)
    for row in rows:
        if row["id"] in told:
            row["verdict"], row["p_value"] = told[row["id"]]
            row["change_interval"] = list(found[row["id"]].interval)
        elif row["change"] is not None:
            row["verdict"] = _by_size(row["quality"], row["base"], higher)


def _rank(rows: Sequence[Row], answers: Mapping[str, Answers], higher: bool) -> None:
    """The best run, those that a paired test cannot tell from it, and those that are behind."""
    if len(rows) < 2:
        return
    best = min(rows, key=lambda row: _place(row, higher))
    found = {}
    for row in rows:
        if row is not best and row["id"] in answers and best["id"] in answers:
            test = paired.against(answers[best["id"]], answers[row["id"]])
            if test:
                found[row["id"]] = test
    told = paired.corrected(found)
    for row in rows:
        verdict = told[row["id"]][0] if row["id"] in told else None
        if verdict is None and not answers and row["test_rows"] == best["test_rows"]:
            verdict = _by_size(best["quality"], row["quality"], higher)
        row["rank"] = {"better": "behind", "unclear": "tied", "same": "tied", "worse": "tied"}.get(verdict or "")
    best["rank"] = "best"


def _mark_cheapest(rows: Sequence[Row]) -> None:
    """Note in each row the columns in which it is lowest, alone or in a tie."""
    if len(rows) < 2:
        return
    for column, _ in COSTS:
        values = [row[column] for row in rows if row[column] is not None]
        lowest = min(values, default=None)
        if lowest is None or max(values) <= lowest * (1 + TIE):
            continue
        for row in rows:
            if row[column] is not None and row[column] <= lowest * (1 + TIE):
                row["best_in"].append(column)


def _metric(runs: Sequence[Run]) -> dict[str, Any]:
    kind = task_type(runs[0].task_type)
    key = kind.primary_metric
    share = key in ("accuracy", "macro_f1", "micro_f1", "f1", "exact_match")
    return {
        "key": key,
        "title": kind.metric_titles.get(key, key),
        "unit": "share" if share else "number",
        "higher_is_better": not kind.lower_is_better,
    }


def _interval(
    results: Mapping[str, Any], metric: Mapping[str, Any], quality: float | None, rows: int
) -> list[float] | None:
    given = (results.get("intervals") or {}).get(metric["key"])
    if given or quality is None or metric["key"] != "accuracy":
        return list(given) if given else None
    return list(wilson(quality, rows))


def _gap(results: Mapping[str, Any]) -> float | None:
    test, train = (results.get("metrics") or {}).get("loss"), results.get("train_loss")
    return test - train if test is not None and train is not None else None


def _answer_seconds(results: Mapping[str, Any]) -> float | None:
    """Seconds per test row, answered in batches with the adapter in place."""
    if results.get("answer_seconds"):
        return float(results["answer_seconds"])
    spent = ((results.get("seconds") or {}).get("phases") or {}).get("Testing")
    rows = results.get("test_rows")
    return spent / rows if spent and rows else None


def _share_done(run: Run) -> float:
    total = (run.job.progress or {}).get("total_steps") or 0
    return ((run.job.progress or {}).get("step") or 0) / total if total else 0.0


def _place(row: Row, higher: bool) -> tuple[int, float, float, str]:
    """The best quality first; of the same quality, the one that learned in less time."""
    if row["quality"] is None or not math.isfinite(row["quality"]):
        return (1 if row["state"] in ACTIVE_STATES else 2), 0.0, 0.0, ""
    quality = -row["quality"] if higher else row["quality"]
    return 0, quality, row["training_seconds"] or math.inf, row["name"]
