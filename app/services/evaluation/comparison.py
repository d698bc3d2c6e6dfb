"""Runs side by side with the untouched base model: metrics with deltas, settings with differences, honest notes.

``compare`` gathers, ``build`` is pure. Knows no web and draws nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import snapshot
from app.errors import Rejected
from app.intervals import overlap, wilson
from app.models import SUCCEEDED
from app.services.evaluation import answer_votes, importance, paired, verdicts
from app.services.evaluation.leaderboard import untouched
from app.services.evaluation.paired import Answers
from app.services.evaluation.settings_table import settings_table
from app.services.runs import metrics, runs

MOST_RUNS = 10
BASE = "base"
# Times, memory and losses this close (2 %) are a tie: a second run of the same settings differs by as much.
TIE = 0.02

View = Mapping[str, Any]
Series = Mapping[str, Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Measure:
    """One row of the metric table: where the value is found in a run and which direction is better."""

    key: str
    title: str
    unit: str
    higher_is_better: bool | None
    path: tuple[str, ...]
    share: bool = False


MEASURES = (
    Measure("test/accuracy", "Accuracy (test rows)", "share", True, ("metrics", "accuracy"), share=True),
    Measure("test/macro_f1", "Macro-F1 (test rows)", "share", True, ("metrics", "macro_f1")),
    Measure("test/f1", "Entity F1 (test sentences)", "share", True, ("metrics", "f1"), share=True),
    Measure("test/precision", "Precision (test sentences)", "share", True, ("metrics", "precision")),
    Measure("test/recall", "Recall (test sentences)", "share", True, ("metrics", "recall")),
    Measure("test/perplexity", "Perplexity (test rows)", "number", False, ("metrics", "perplexity")),
    Measure("test/token_accuracy", "Token accuracy (test rows)", "share", True, ("metrics", "token_accuracy")),
    Measure("test/rouge_l", "ROUGE-L (answered test rows)", "share", True, ("metrics", "rouge_l")),
    Measure("test/exact_match", "Exact match (answered test rows)", "share", True, ("metrics", "exact_match")),
    Measure("test/loss", "Loss (test rows)", "number", False, ("metrics", "loss")),
    Measure("votes/good", "Answers voted good, of those with a vote", "share", None, ("votes", "good")),
    Measure("retention/share", "Change on an unrelated question (retention)", "share", True, ("retention", "share")),
    Measure("retention/loss", "Change of the loss on general text (retention)", "number", False, ("retention", "loss")),
    Measure("validation/accuracy", "Best accuracy (validation rows)", "share", True, ("validation", "accuracy")),
    Measure("validation/f1", "Best entity F1 (validation sentences)", "share", True, ("validation", "f1")),
    Measure(
        "validation/perplexity", "Best perplexity (validation rows)", "number", False, ("validation", "perplexity")
    ),
    Measure("last/accuracy", "Last accuracy (validation rows)", "share", True, ("last", "eval/accuracy")),
    Measure("last/f1", "Last entity F1 (validation sentences)", "share", True, ("last", "eval/f1")),
    Measure("last/perplexity", "Last perplexity (validation rows)", "number", False, ("last", "eval/perplexity")),
    Measure("train/loss", "Training loss (last)", "number", False, ("last", "train/loss")),
    Measure("gap", "Gap between evaluation and training loss", "number", False, ("last", "gap")),
    Measure("seconds/total", "Duration", "seconds", False, ("seconds", "total")),
    Measure("seconds/training", "of which training", "seconds", False, ("seconds", "training")),
    Measure("rows_per_second", "Rows per second", "number", True, ("last", "train/rows_per_second")),
    Measure("answer_seconds", "Time per test row, answered in batches", "milliseconds", False, ("answer_seconds",)),
    Measure(
        "pass/adapter", "Time per row, adapter beside the model", "milliseconds", False, ("pass_seconds", "adapter")
    ),
    Measure("pass/merged", "Time per row, merged into the model", "milliseconds", False, ("pass_seconds", "merged")),
    Measure("peak_memory", "Peak memory", "bytes", False, ("peak_memory_bytes",)),
    Measure("trainable", "Trainable parameters", "count", None, ("trainable_parameters",)),
    Measure("adapter", "Size of the download", "bytes", False, ("adapter_bytes",)),
)

LAST_KEYS = ("train/loss", "eval/loss", "train/rows_per_second")
DEVICE_KEYS = ("system/cpu_percent", "system/gpu_percent")
CHECK_KEYS = ("eval/accuracy", "eval/f1", "eval/perplexity")
SERIES_KEYS = (*LAST_KEYS, *DEVICE_KEYS, "train/grad_norm", "train/learning_rate", *CHECK_KEYS)


def compare(user_id: str, run_ids: Sequence[str], baseline: str | None = None) -> dict[str, Any]:
    """What the compare page shows for 1-10 runs of this person.

    Args:
        baseline: ``"base"`` (or None) for each run's untouched base model, or the id of one of the runs.

    Returns:
        ``{"runs", "baseline", "comparable", "metrics", "settings", "notes"}`` as :func:`build` makes them, and
        ``"verdicts": {run_id: [verdict]}`` from ``verdicts.judge``.

    Raises:
        Rejected: none or too many runs, or a baseline that is not among them.
        NotFound: a run that is not theirs.
    """
    wanted = _wanted(run_ids)
    if baseline not in (None, BASE, *wanted):
        raise Rejected(
            "unknown_baseline",
            f"The baseline {baseline!r} is not among the compared runs.",
            "Use `base` or the id of one of the compared runs.",
        )
    with snapshot() as session:
        found = [runs.find(session, user_id, run_id) for run_id in wanted]
        series = metrics.series_of(session, wanted, SERIES_KEYS)
        answers = paired.answers_of(session, found)
    votes = answer_votes.tallies(user_id, wanted)
    pairs = {run_id: paired.against_base(each) for run_id, each in answers.items() if each.decides}
    told = {run.id: verdicts.judge(run, series[run.id], pairs.get(run.id)) for run in found}
    views = [{**runs.as_dict(run), "votes": votes[run.id]} for run in found]
    return {**build(views, series, baseline or BASE, answers), "verdicts": told}


def series(user_id: str, run_ids: Sequence[str], keys: Sequence[str] | None, max_points: int) -> dict[str, Any]:
    """The curves of 1-10 runs of this person, as ``metrics.series_of`` thins them: run id -> key -> points.

    Raises:
        Rejected: none or too many runs.
        NotFound: a run that is not theirs.
    """
    wanted = _wanted(run_ids)
    with snapshot() as session:
        for run_id in wanted:
            runs.find(session, user_id, run_id)
        return metrics.series_of(session, wanted, keys, max_points)


def _wanted(run_ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(run_ids))
    if not 1 <= len(wanted) <= MOST_RUNS:
        raise Rejected(
            "wrong_number_of_runs",
            f"{len(wanted)} runs were asked for; one comparison takes 2 to {MOST_RUNS}.",
            "Choose runs on the Runs page, then press Compare.",
        )
    return wanted


def build(
    views: Sequence[View],
    series: Mapping[str, Series],
    baseline: str = BASE,
    answers: Mapping[str, Answers] | None = None,
) -> dict[str, Any]:
    """The comparison of runs given as ``runs.as_dict`` views with their series; pure.

    ``metrics`` rows: ``{"key", "title", "unit", "higher_is_better", "values": {run: v}, "intervals": {run: [lo, hi]},
    "base": {run: v}, "baseline": v | None, "deltas": {run: v}, "verdicts": {run: "better|worse|same|unclear"},
    "best": [run], "paired": {run: {"p_value", "interval", "gained", "lost"}}}``. With ``answers`` the verdict on accuracy
    is a paired test on the same rows, corrected for the number of runs; without, it is whether intervals overlap.
    ``settings`` rows come from ``settings_table``, ``importance`` from ``importance.explain`` for the first test metric,
    with its ``metric`` and ``title``; None where runs are not comparable. ``notes``: ``{"code", "message", "runs"}``.
    """
    notes = _notes(views)
    comparable = not any(note["code"] == "not_comparable" for note in notes)
    facts = {view["id"]: _facts(view, series.get(view["id"], {})) for view in views}
    rows = [_row(measure, views, facts, baseline, comparable) for measure in MEASURES]
    rows = [row for row in rows if row["values"]]
    _pair(rows, views, baseline, answers or {})
    rows = _share_doubt(rows)
    settings = settings_table(views)
    return {
        "runs": [_head(view) for view in views],
        "baseline": baseline,
        "comparable": comparable,
        "metrics": rows,
        "settings": settings,
        "importance": _importance(settings, rows) if comparable else None,
        "notes": notes + _unclear_note(rows, views),
    }


def _importance(settings: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    row = next((row for row in rows if row["key"].startswith("test/")), None)
    told = {"metric": row["key"], "title": row["title"]} if row else {}
    return {**told, **importance.explain(settings, row["values"])} if row else None


def _row(
    measure: Measure, views: Sequence[View], facts: Mapping[str, Any], baseline: str, comparable: bool
) -> dict[str, Any]:
    values = {run: value for run, fact in facts.items() if (value := _at(fact, measure.path)) is not None}
    base = {run: value for run, fact in facts.items() if (value := _base_value(fact, measure)) is not None}
    intervals = {run: _interval(facts[run], value) for run, value in values.items() if measure.share}
    against = base if baseline == BASE else {run: values[baseline] for run in values if baseline in values}
    judged = {
        run: _judge(measure, values[run], against[run], intervals.get(run), _rows(facts[run]))
        for run in values
        if run in against and run != baseline and (comparable or baseline == BASE)
    }
    if measure.path in (("metrics", "perplexity"), ("metrics", "loss")):
        other = None if baseline == BASE else facts.get(baseline)
        judged = {run: "unclear" if _may_be_chance(facts[run], other) else told for run, told in judged.items()}
    distinct = set(base.values())
    return {
        "key": measure.key,
        "title": measure.title,
        "unit": measure.unit,
        "higher_is_better": measure.higher_is_better,
        "values": values,
        "intervals": intervals,
        "base": base,
        "baseline": distinct.pop() if len(distinct) == 1 else None,
        "deltas": {run: values[run] - against[run] for run in judged},
        "verdicts": judged,
        "best": _best(measure, values, intervals) if comparable else [],
        "paired": {},
    }


def _may_be_chance(fact: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether the interval of the change of loss on the same rows, where there is one, holds zero.

    Two runs that write (``other``) keep no loss of each row; between them, perplexities whose intervals overlap may be equal.
    """
    if other is not None:
        mine, theirs = ((each.get("intervals") or {}).get("perplexity") for each in (fact, other))
        return bool(mine and theirs and mine[0] <= theirs[1] and theirs[0] <= mine[1])
    low, high = (fact.get("change") or {}).get("interval") or (0.0, -1.0)
    return bool(low <= 0 <= high)


def _pair(rows: Sequence[dict[str, Any]], views: Sequence[View], baseline: str, answers: Mapping[str, Answers]) -> None:
    """Replace what overlapping intervals say about accuracy or entity F1 by what the same rows say, answered by both."""
    row = _leading(rows)
    if row is None:
        return
    found = {}
    for view in views:
        mine, other = answers.get(view["id"]), answers.get(baseline)
        if view["id"] == baseline or mine is None or not mine.decides:
            continue
        test = paired.against_base(mine) if baseline == BASE else (paired.against(mine, other) if other else None)
        if test and view["id"] in row["verdicts"]:
            found[view["id"]] = test
    told = paired.corrected(found)
    row["verdicts"] = {**row["verdicts"], **{run: verdict for run, (verdict, _) in told.items()}}
    row["paired"] = {
        run: {
            "p_value": told[run][1],
            "interval": list(test.interval),
            "gained": test.first_only,
            "lost": test.second_only,
        }
        for run, test in found.items()
    }
    row["best"] = _best_paired(row["values"], answers) if len(answers) == len(views) else row["best"]


def _leading(rows: Sequence[Any]) -> Any:
    """The row that paired tests decide about, None where the tasks have no such score."""
    return next((row for row in rows if row["key"] in ("test/accuracy", "test/f1")), None)


def _best_paired(values: Mapping[str, float], answers: Mapping[str, Answers]) -> list[str]:
    """The run that every other is measurably behind of, on the same rows."""
    if len(values) < 2 or not values.keys() <= answers.keys():
        return []
    top = max(values, key=lambda run: values[run])
    tests = {run: paired.against(answers[top], answers[run]) for run in values if run != top}
    known = {run: test for run, test in tests.items() if test}
    behind = len(known) == len(tests) and all(verdict == "better" for verdict, _ in paired.corrected(known).values())
    return [top] if behind else []


def _judge(measure: Measure, value: float, against: float, interval: Sequence[float] | None, rows: int) -> str:
    if math.isclose(value, against, rel_tol=1e-9, abs_tol=1e-12):
        return "same"
    if measure.higher_is_better is None:
        return "unclear"
    if measure.share and interval and overlap(interval, wilson(against, rows)):
        return "unclear"
    return "better" if (value > against) == measure.higher_is_better else "worse"


def _best(measure: Measure, values: Mapping[str, float], intervals: Mapping[str, Sequence[float]]) -> list[str]:
    """The run that is best beyond doubt, as a list of one; empty when others come as close as chance or a tie."""
    if measure.higher_is_better is None or len(values) < 2:
        return []
    top = (max if measure.higher_is_better else min)(values, key=lambda run: values[run])
    others = [run for run in values if run != top]
    if intervals:
        tied = any(overlap(intervals[run], intervals[top]) for run in others)
    else:
        tied = any(math.isclose(values[run], values[top], rel_tol=TIE) for run in others)
    return [] if tied else [top]


def _share_doubt(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """F1 and loss of the same test rows have no interval of their own; they inherit what accuracy cannot tell."""
    accuracy = _leading(rows)
    for row in rows:
        if accuracy is None or row is accuracy or not row["key"].startswith("test/"):
            continue
        doubtful = {run for run, verdict in accuracy["verdicts"].items() if verdict == "unclear"}
        row["verdicts"] = {run: "unclear" if run in doubtful else told for run, told in row["verdicts"].items()}
        row["best"] = row["best"] if accuracy["best"] == row["best"] else []
    return rows


def _facts(view: View, series: Series) -> dict[str, Any]:
    last = {key: points[-1][1] for key in (*LAST_KEYS, *CHECK_KEYS) if (points := series.get(key))}
    if last.get("train/loss") is not None and last.get("eval/loss") is not None:
        last["gap"] = last["eval/loss"] - last["train/loss"]
    results = view.get("results") or {}
    kept = results.get("forgetting") or {}
    # Older results hold shares of right answers without saying so.
    change = kept["after"] - kept["before"] if "after" in kept else None
    return {**results, "last": last, "retention": {kept.get("unit", "share"): change}, "votes": _votes(view)}


def _votes(view: View) -> dict[str, float]:
    told = view.get("votes") or {}
    judged = sum(told.values())
    return {"good": told["up"] / judged} if judged else {}


def _base_value(fact: Mapping[str, Any], measure: Measure) -> float | None:
    if measure.path[0] != "metrics":
        return None
    return _at(untouched(fact), measure.path[1:])


def _interval(fact: Mapping[str, Any], value: float) -> list[float]:
    # The stored interval belongs to the test metric; any other share is given its own.
    known = (fact.get("intervals") or {}).items()
    given = next((each for name, each in known if _at(fact, ("metrics", name)) == value), None)
    return list(given or wilson(value, _rows(fact)))


def _rows(fact: Mapping[str, Any]) -> int:
    return int(fact.get("test_rows") or 0)


def _at(fact: Any, path: Sequence[str]) -> float | None:
    for part in path:
        fact = fact.get(part) if isinstance(fact, Mapping) else None
    good = isinstance(fact, int | float) and not isinstance(fact, bool) and math.isfinite(fact)
    return fact if good else None


def _head(view: View) -> dict[str, Any]:
    results = view.get("results") or {}
    keys = ("id", "name", "state", "base_model", "method", "task_type", "dataset", "created_at")
    return {**{key: view.get(key) for key in keys}, "test_rows": results.get("test_rows")}


def _notes(views: Sequence[View]) -> list[dict[str, Any]]:
    notes = []
    everyone = [view["id"] for view in views]
    tests = {
        (_dataset_key(view), (view.get("results") or {}).get("test_rows")) for view in views if view.get("results")
    }
    data = {_dataset_key(view) for view in views}
    if len(data) > 1 or len(tests) > 1:
        notes.append(
            _note(
                "not_comparable",
                "These runs were tested on different rows, so their test numbers cannot be compared with each other. "
                "Each change against its own base model still holds.",
                everyone,
            )
        )
    if len({view["base_model"] for view in views}) > 1:
        notes.append(
            _note("different_base", "The runs use different base models; each is held against its own.", everyone)
        )
    open_runs = [view["id"] for view in views if view["state"] != SUCCEEDED]
    if open_runs:
        names = ", ".join(view["name"] for view in views if view["id"] in open_runs)
        notes.append(_note("no_result", f"No final result: {names}.", open_runs))
    return notes


def _unclear_note(rows: Sequence[Mapping[str, Any]], views: Sequence[View]) -> list[dict[str, Any]]:
    accuracy = _leading(rows)
    unclear = [run for run, verdict in accuracy["verdicts"].items() if verdict == "unclear"] if accuracy else []
    if not unclear:
        return []
    rows_by_run = {view["id"]: (view.get("results") or {}).get("test_rows") for view in views}
    names = ", ".join(
        f"{view['name']} ({rows_by_run[view['id']]:,} test rows)" for view in views if view["id"] in unclear
    )
    how = "Too few rows were answered differently" if accuracy and accuracy["paired"] else "The 95 % intervals overlap"
    message = f"Cannot be told apart from the baseline: {names}. {how}, so it may be chance."
    return [_note("cannot_tell_apart", message, unclear)]


def _dataset_key(view: View) -> tuple[Any, Any]:
    dataset = view.get("dataset") or {}
    return dataset.get("id"), dataset.get("version")


def _note(code: str, message: str, run_ids: Sequence[str]) -> dict[str, Any]:
    return {"code": code, "message": message, "runs": list(run_ids)}
