"""Runs side by side with their base model: metrics with changes, settings with differences, notes on what cannot be compared.

``compare`` reads the runs, ``build`` computes the comparison from what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.catalog.baselines import BASELINES
from app.db import snapshot
from app.errors import Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import SUCCEEDED
from app.services.evaluation import answer_votes, baselines, headline, importance, paired_answers, tested_rows, verdicts
from app.services.evaluation.headline import Headline
from app.services.evaluation.importance import Importance
from app.services.evaluation.measures import SERIES_KEYS, Series, View
from app.services.evaluation.metric_table import BASE, MetricRow, leading_row, metric_rows
from app.services.evaluation.paired_answers import RunAnswers
from app.services.evaluation.settings_table import SettingRow, settings_table
from app.services.evaluation.verdict import Verdict
from app.services.runs import metrics, runs

MAX_RUNS = 10

# Run id -> key -> [step, value] of each point.
RunCurves = dict[str, dict[str, list[list[float]]]]


@dataclass(frozen=True)
class ComparisonNote:
    """What has to be known to read the table; ``runs`` are the ids of the runs that it is about."""

    code: str
    message: str
    runs: list[str]


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison; ``dataset`` is ``{"id", "name", "version"}``."""

    id: str
    name: str | None
    state: str | None
    base_model: str | None
    method: str | None
    task_type: str | None
    dataset: Mapping[str, Any] | None
    created_at: float | None
    test_rows: int | None


@dataclass(frozen=True)
class ComparedBaseline:
    """A baseline that at least one of the runs was measured beside; ``name`` as it begins a line."""

    key: str
    name: str


@dataclass(frozen=True)
class Comparison:
    """What the compare page shows.

    Attributes:
        baseline: ``"base"``, the key of a baseline, or the id of the run that the others are held against.
        baselines: in the order of tables, from the cheapest on.
        comparable: whether all runs were tested on the same rows.
        importance: importance of the settings for the first test metric; None where runs are not comparable.
        verdicts: run id -> verdicts on that run alone.
        sentences: run id -> the sentence of a finished run.
    """

    runs: list[ComparedRun]
    baseline: str
    comparable: bool
    metrics: list[MetricRow]
    settings: list[SettingRow]
    importance: Importance | None
    notes: list[ComparisonNote]
    baselines: list[ComparedBaseline] = field(default_factory=list)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    sentences: dict[str, Headline] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON."""
        found = {run: [verdict.as_dict() for verdict in given] for run, given in self.verdicts.items()}
        return {**asdict(self), "verdicts": found}


def compare(user_id: str, run_ids: Sequence[str], baseline: str | None = None) -> Comparison:
    """The comparison of 1-10 runs of this person.

    Args:
        baseline: ``"base"`` (or None) for each run's base model, the key of a baseline, or the id of one of the runs.

    Raises:
        Rejected: none or too many runs, or a baseline that is not among them.
        NotFound: a run that is not theirs.
    """
    wanted = _distinct(run_ids)
    if baseline not in (None, BASE, *(known.key for known in BASELINES), *wanted):
        raise Rejected(
            "unknown_baseline",
            _("The baseline {baseline} is not among the compared runs.", baseline=repr(baseline)),
            _("Use `base`, the name of a baseline such as `tfidf`, or the id of one of the compared runs."),
        )
    with snapshot() as session:
        found = [runs.find(session, user_id, run_id) for run_id in wanted]
        series = metrics.series_of(session, wanted, SERIES_KEYS)
        answers = paired_answers.answers_of(session, found)
    votes = answer_votes.count_votes(user_id, wanted)
    tests = {run_id: paired_answers.against_base(given) for run_id, given in answers.items()}
    views = [{**runs.as_dict(run), "votes": votes[run.id]} for run in found]
    judged = {run.id: verdicts.assess(run, series[run.id], tests.get(run.id)) for run in found}
    return build(views, series, baseline or BASE, answers, judged)


def series(user_id: str, run_ids: Sequence[str], keys: Sequence[str] | None, max_points: int) -> RunCurves:
    """The curves of 1-10 runs of this person, thinned to ``max_points`` each.

    Raises:
        Rejected: none or too many runs.
        NotFound: a run that is not theirs.
    """
    wanted = _distinct(run_ids)
    with snapshot() as session:
        for run_id in wanted:
            runs.find(session, user_id, run_id)
        return metrics.series_of(session, wanted, keys, max_points)


def _distinct(run_ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(run_ids))
    if not 1 <= len(wanted) <= MAX_RUNS:
        raise Rejected(
            "wrong_number_of_runs",
            _(
                "{wanted} runs were asked for; one comparison takes 2 to {MAX_RUNS}.",
                wanted=len(wanted),
                MAX_RUNS=MAX_RUNS,
            ),
            _("Choose runs on the Runs page, then press Compare."),
        )
    return wanted


def build(
    views: Sequence[View],
    series: Mapping[str, Series],
    baseline: str = BASE,
    answers: Mapping[str, RunAnswers] | None = None,
    judged: Mapping[str, list[Verdict]] | None = None,
) -> Comparison:
    """The comparison of runs given as ``runs.as_dict`` views with their series, answers and verdicts."""
    notes = _notes(views)
    comparable = not any(note.code in ("not_comparable", "common_rows") for note in notes)
    rows = metric_rows(views, series, baseline, answers or {}, comparable)
    settings = settings_table(views)
    return Comparison(
        runs=[_compared_run(view) for view in views],
        baseline=baseline,
        comparable=comparable,
        metrics=rows,
        settings=settings,
        importance=_importance(settings, rows) if comparable else None,
        notes=notes + _unclear_note(rows, views),
        baselines=_baselines(views),
        verdicts=dict(judged or {}),
        sentences={
            view["id"]: sentence
            for view in views
            if (sentence := headline.headline(view.get("state") or "", view.get("results")))
        },
    )


def _baselines(views: Sequence[View]) -> list[ComparedBaseline]:
    found = {key for view in views for key in (view.get("results") or {}).get("baseline") or {}}
    return [ComparedBaseline(known.key, baselines.heading(known.key)) for known in BASELINES if known.key in found]


def _importance(settings: Sequence[SettingRow], rows: Sequence[MetricRow]) -> Importance | None:
    row = next((row for row in rows if row.key.startswith("test/")), None)
    return importance.explain(settings, row.values, metric=row.key, title=row.title) if row else None


def _compared_run(view: View) -> ComparedRun:
    keys = ("name", "state", "base_model", "method", "task_type", "dataset", "created_at")
    test_rows = (view.get("results") or {}).get("test_rows")
    return ComparedRun(id=view["id"], **{key: view.get(key) for key in keys}, test_rows=test_rows)


def _notes(views: Sequence[View]) -> list[ComparisonNote]:
    notes = []
    all_runs = [view["id"] for view in views]
    ended = [view for view in views if view.get("results")]
    tests = {(_dataset_key(view), view["results"].get("test_rows")) for view in ended}
    data = {_dataset_key(view) for view in views}
    if len(data) == 1 and len(tests) > 1 and len(_split_sizes(ended)) == 1:
        notes.append(ComparisonNote("common_rows", _common_rows_words(ended), all_runs))
    elif len(data) > 1 or len(tests) > 1:
        message = _(
            "These runs were tested on different rows, so their test numbers cannot be compared with each other. "
            "Each change against its own base model still holds."
        )
        notes.append(ComparisonNote("not_comparable", message, all_runs))
    if len({view["base_model"] for view in views}) > 1:
        message = _("The runs use different base models; each is held against its own.")
        notes.append(ComparisonNote("different_base", message, all_runs))
    open_runs = [view for view in views if view["state"] != SUCCEEDED]
    if open_runs:
        names = ", ".join(view["name"] for view in open_runs)
        notes.append(
            ComparisonNote("no_result", _("No final result: {names}.", names=names), [view["id"] for view in open_runs])
        )
    return notes


def _split_sizes(views: Sequence[View]) -> set[int]:
    """Rows of the test splits of those that were not cross-validated."""
    return {tested_rows.count_rows(view["results"]) for view in views if not tested_rows.folds(view["results"])}


def _common_rows_words(views: Sequence[View]) -> str:
    folded = [view["name"] for view in views if tested_rows.folds(view["results"])]
    return _(
        "Cross-validated on all rows: {names}; the others were tested on the {rows} rows of the test split. Their scores are "
        "about different rows, so only the answers to those {rows} rows are held against each other.",
        names=", ".join(folded),
        rows=decimal(min(_split_sizes(views))),
    )


def _unclear_note(rows: Sequence[MetricRow], views: Sequence[View]) -> list[ComparisonNote]:
    leading = leading_row(rows)
    unclear = [run for run, outcome in leading.verdicts.items() if outcome == "unclear"] if leading else []
    if leading is None or not unclear:
        return []
    rows_by_run = {view["id"]: (view.get("results") or {}).get("test_rows") for view in views}
    names = ", ".join(
        _("{name} ({rows_by_run} test rows)", name=view["name"], rows_by_run=decimal(rows_by_run[view["id"]] or 0))
        for view in views
        if view["id"] in unclear
    )
    reason = _("Too few rows were answered differently") if leading.paired else _("The 95 % intervals overlap")
    message = _(
        "No significant difference from the baseline: {names}. {reason}, so it may be chance.",
        names=names,
        reason=reason,
    )
    return [ComparisonNote("cannot_tell_apart", message, unclear)]


def _dataset_key(view: View) -> tuple[Any, Any]:
    dataset = view.get("dataset") or {}
    return dataset.get("id"), dataset.get("version")
