"""Verdict rules for tasks whose answers are scored all together: sets of labels, numbers, preferences and texts with references.

They read the task's declaration: its primary score, and the paired tests against the baselines in the results.
"""

from app.catalog.task_types import task_type
from app.catalog.task_types.scores import Score
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import baselines, headline, remedies, tested_rows
from app.services.evaluation.baselines import MeasuredBaseline
from app.services.evaluation.statistics import PairedTest, gains_nothing
from app.services.evaluation.verdict import LINEAR_PROBE, Points, Verdict, has_diverged, low_recall, plateau

FORMS = ("labels", "number", "target", "preference")
# An interval of the primary score wider than this settles few questions.
WIDE_INTERVAL = 0.15
# By how much a model may prefer the longer answer more often than the data before that is worth a warning.
LENGTH_RISE = 0.10


def _score(run: Run) -> Score | None:
    """The primary score of a run of such a task that was tested."""
    task = task_type(run.task_type)
    tested = task.primary_metric in ((run.results or {}).get("metrics") or {})
    return task.primary_score if task.answer_form in FORMS and tested else None


def words(score: Score, value: float) -> str:
    """A value of the score."""
    return headline.percent(value) if score.unit == "share" else decimal(value, 3)


def against_base(run: Run, points: Points, pair: PairedTest | None = None) -> Verdict | None:
    """The primary score beside that of what stands for the base model (mostly its probe), on the same rows."""
    results, score = run.results or {}, _score(run)
    key = baselines.base_name(results)
    base = baselines.base_scores(results, key).get(score.key) if score else None
    name = _(LINEAR_PROBE) if key == "linear_probe" else baselines.base_words(key)
    if score is None or base is None or baselines.kept_probe(results) or results.get("unlike_pairs"):
        return None
    pair = baselines.paired(results, key) or pair
    facts = _(
        "{score} {tuned} fine-tuned, {base} {probe}, on {rows}",
        score=_(score.title),
        tuned=words(score, results["metrics"][score.key]),
        base=words(score, base),
        probe=name,
        rows=tested_rows.rows_words(results),
    )
    if pair is None or pair.verdict in ("unclear", "same"):
        return Verdict(
            "info",
            _("The difference from the {probe} may be chance.", probe=name),
            f"{facts}{_apart(pair)}.",
            _("More labelled rows would settle it; the Examples tab shows which rows improved and which got worse."),
            remedies.more_tested_rows(run),
        )
    if pair.verdict == "worse":
        return Verdict(
            "warning",
            _("Fine-tuning did not improve on the {probe}.", probe=name),
            f"{facts}{_apart(pair)}.",
            _("Try another method; if that does not help, the {probe} is enough.", probe=name),
            remedies.OTHER_METHODS,
        )
    if floor := _unbeaten(results, score):
        return Verdict(
            "info",
            _("Better than the {probe}, but not for certain than {floor}.", probe=name, floor=floor),
            f"{facts}{_apart(pair)}.",
            _("More labelled rows would settle it; the Examples tab shows which rows improved and which got worse."),
            remedies.more_tested_rows(run),
        )
    return Verdict(
        "good",
        _("Clearly better than the {probe}.", probe=name),
        f"{facts}{_apart(pair)}.",
        _("Look through the wrong answers, then try it on texts of your own."),
    )


def _unbeaten(results: headline.Results, score: Score) -> str:
    """What needs no model and is not certainly worse, in words; empty where all of it is."""
    low = ((results.get("intervals") or {}).get(score.key) or (1.0,))[0]
    if score.chance is not None and low <= score.chance:
        return _("guessing")
    floor = next((known for known in baselines.measured(results) if not known.solves), None)
    beaten = floor is None or floor.pair is None or floor.pair.verdict == "better"
    return "" if beaten or floor is None else _("the {name}", name=floor.name)


def _apart(pair: PairedTest | None) -> str:
    if pair is None:
        return ""
    return _(
        ": {first_only} rows are better after tuning, {second_only} worse (p = {p_value})",
        first_only=decimal(pair.first_only),
        second_only=decimal(pair.second_only),
        p_value=localized(f"{pair.p_value:.2g}"),
    )


def at_floor(run: Run, points: Points) -> Verdict | None:
    """No better than an answer that is the same for every row."""
    score, results = _score(run), run.results or {}
    floor = next((known for known in baselines.measured(results) if not known.solves), None)
    if score is None or floor is None or results["metrics"][score.key] > floor.scores[score.key]:
        return None
    return Verdict(
        "error",
        _("No better than the {name}.", name=floor.name),
        _(
            "{score} {tuned} against {base} on the test rows.",
            score=_(score.title),
            tuned=words(score, results["metrics"][score.key]),
            base=words(score, floor.scores[score.key]),
        ),
        *(
            (_("The training loss rose: lower the learning rate."), remedies.lower_learning_rate(run, points))
            if has_diverged(points)
            else (
                _("Check that the right columns were chosen, then try a higher learning rate or more epochs."),
                remedies.CHECK_DATA,
            )
        ),
    )


def as_good_without(run: Run, points: Points) -> Verdict | None:
    """A baseline that needs no tuning certainly does as well; the cheapest is named."""
    score, results = _score(run), run.results or {}
    if score is None or has_diverged(points) or at_floor(run, points):
        return None
    found = next((known for known in baselines.measured(results) if _is_enough(known, results)), None)
    if found is None or found.pair is None:
        return None
    low, high = found.pair.interval
    return Verdict(
        "warning",
        _("Tuning is not worth it here: {name} does better.", name=found.name)
        if found.pair.verdict == "worse"
        else _("Tuning is not worth it here: {name} does as well.", name=found.name),
        _(
            "{score} {baseline} on the same {rows} rows, {tuned} of the tuned model; with 95 % certainty tuning changes it by {low} to {high}.",
            score=_(score.title),
            baseline=words(score, found.scores[score.key]),
            rows=decimal(found.pair.rows),
            tuned=words(score, results["metrics"][score.key]),
            low=decimal(low, 3),
            high=decimal(high, 3),
        ),
        _("Use the simpler one, or compare other methods if these last points matter."),
        remedies.OTHER_METHODS,
        major=True,
    )


def _is_enough(known: MeasuredBaseline, results: headline.Results) -> bool:
    if not known.solves or known.pair is None or not gains_nothing(known.pair):
        return False
    return known.key != "linear_probe" or not baselines.kept_probe(results)


def missed_labels(run: Run, points: Points) -> Verdict | None:
    """Labels of which most rows are not found."""
    missed = headline.missed_labels(run.results or {}) if _score(run) else []
    return low_recall(missed)


def prefers_length(run: Run, points: Points) -> Verdict | None:
    """The longer answer is preferred more often than the data does."""
    bias = (run.results or {}).get("length_bias") or {}
    if not bias or bias["tuned"] - bias["data"] <= LENGTH_RISE:
        return None
    return Verdict(
        "warning",
        _("It prefers long answers more than the data does."),
        _(
            "Of {pairs} pairs of different length it prefers the longer answer in {tuned}; in the data that one is better in {data}, and "
            "the base model prefers it in {base}.",
            pairs=decimal(int(bias["pairs"])),
            tuned=headline.percent(bias["tuned"], 0),
            data=headline.percent(bias["data"], 0),
            base=headline.percent(bias["base"], 0),
        ),
        _("Add pairs whose shorter answer is the better one, or choose SimPO, which rates answers by the token."),
        remedies.MORE_DATA,
    )


def unlike_pairs(run: Run, points: Points) -> Verdict | None:
    """Single answers to different requests were put together: only guessing can be held against the model."""
    results, score = run.results or {}, _score(run)
    unlike, pairs = int(results.get("unlike_pairs") or 0), int(results.get("test_rows") or 0)
    if score is None or score.chance is None or not unlike:
        return None
    low, high = results["intervals"][score.key]
    return Verdict(
        "info",
        _("It is held against guessing alone, not against the base model."),
        _(
            "Answers were marked one by one, and in {unlike} of {pairs} test pairs they are to different requests. {score} is {tuned} "
            "(95 % interval {low} to {high}); guessing reaches {chance}.",
            unlike=decimal(unlike),
            pairs=decimal(pairs),
            score=_(score.title),
            tuned=words(score, results["metrics"][score.key]),
            low=words(score, low),
            high=words(score, high),
            chance=words(score, score.chance),
        ),
        _("Mark a good and a bad answer to each request to compare it with the base model."),
        remedies.MORE_DATA,
    )


def wide_interval(run: Run, points: Points) -> Verdict | None:
    """Too few rows to know the score well."""
    score, results = _score(run), run.results or {}
    interval = (results.get("intervals") or {}).get(score.key) if score else None
    if score is None or not interval or interval[1] - interval[0] <= WIDE_INTERVAL:
        return None
    return Verdict(
        "warning",
        _("Too few rows to say precisely how good it is."),
        _(
            "With {rows}, the true {score} lies anywhere between {low} and {high}.",
            rows=tested_rows.rows_words(results),
            score=_(score.title),
            low=words(score, interval[0]),
            high=words(score, interval[1]),
        ),
        _("Every row is tested already; add labelled rows.")
        if tested_rows.folds(results)
        else _("Cross-validate, give the test a larger share of the rows, or add labelled rows."),
        remedies.more_tested_rows(run),
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks brought nothing."""
    task = task_type(run.task_type)
    score = task.primary_score
    if task.answer_form not in FORMS:
        return None
    return plateau(
        run,
        points,
        lambda value: _("{score} on the validation rows was {value}", score=_(score.title), value=words(score, value)),
    )


RULES = (at_floor, as_good_without, missed_labels, prefers_length, unlike_pairs, wide_interval, stopped_improving)
