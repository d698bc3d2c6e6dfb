"""Verdict rules for text classification, where every answer is right or wrong."""

from collections.abc import Sequence

from app.intervals import overlap
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import baselines, headline, remedies, tested_rows
from app.services.evaluation.remedies import VerdictRemedy
from app.services.evaluation.statistics import PairedTest, gains_nothing
from app.services.evaluation.verdict import LINEAR_PROBE, Points, Verdict, has_diverged, low_recall

# An interval wider than this (0.10 = ten points of accuracy) cannot settle most questions.
WIDE_INTERVAL = 0.10
# One of two texts alone tells the labels where it reaches so much of what both gain over the majority class, and gains this much.
ALONE_SHARE, ALONE_GAIN = 0.8, 0.05
ALONE = ("first_text", "second_text")


def against_majority(run: Run, points: Points) -> Verdict | None:
    tuned, majority = _accuracy(run), _baseline(run, "majority")
    if tuned is None or majority is None or not _is_at_majority(run):
        return None
    return Verdict(
        "error",
        _("No better than the majority class."),
        _(
            "It is right on {percent} of the test rows; always answering the most frequent label reaches {percent_2}.",
            percent=headline.percent(tuned),
            percent_2=headline.percent(majority),
        ),
        *_better_start(run, points),
    )


def _is_at_majority(run: Run) -> bool:
    """Whether the majority class is known and answers as many rows right, or more."""
    tuned, majority = _accuracy(run), _baseline(run, "majority")
    return tuned is not None and majority is not None and tuned <= majority


def _better_start(run: Run, points: Points) -> tuple[str, VerdictRemedy | None]:
    """What to do about a run that learned nothing of use, in words and as one click."""
    if has_diverged(points):
        return _("The training loss rose: lower the learning rate."), remedies.lower_learning_rate(run, points)
    if remedies.is_learned(run):
        return _(
            "Check that the label column is the right one; more passes cannot help, the training rows are learned by heart."
        ), remedies.CHECK_DATA
    return _(
        "Check that the label column is the right one, then try a higher learning rate or more epochs."
    ), remedies.scaled_learning_rate(run, points, 3.0) or remedies.more_epochs(run)


def against_base(run: Run, points: Points, pair: PairedTest | None = None) -> Verdict | None:
    tuned, base = _accuracy(run), _baseline(run, "linear_probe")
    if tuned is None or base is None or baselines.kept_probe(run.results or {}):
        return None
    pair = pair or baselines.paired(run.results or {}, "linear_probe")
    facts = _(
        "Accuracy {percent} fine-tuned, {percent_2} {probe}, on {rows}",
        percent=headline.percent(tuned),
        percent_2=headline.percent(base),
        probe=_(LINEAR_PROBE),
        rows=tested_rows.rows_words(run.results or {}),
    )
    apart = pair.verdict == "better" if pair else not overlap(_interval(run), _interval_of(run, base))
    if tuned == base == 1:
        return Verdict(
            "info",
            _("The {probe} already answers every test row right.", probe=_(LINEAR_PROBE)),
            _("{facts}; there was nothing left to improve.", facts=facts),
            _("Harder test rows would show a difference, such as the questions that people get wrong."),
            remedies.MORE_DATA,
            major=True,
        )
    if tuned <= base:
        return _not_better(run, facts, pair)
    if not apart:
        return Verdict(
            "info",
            _("Slightly better than the {probe}, but ", probe=_(LINEAR_PROBE))
            + (_("too few rows differ to be sure.") if pair else _("the intervals overlap.")),
            _("{facts}; the difference may be chance{rows_apart}.", facts=facts, rows_apart=_rows_apart(pair)),
            _("More labelled rows would settle it; the Examples tab shows which rows improved and which got worse."),
            remedies.more_tested_rows(run),
        )
    if _may_be_majority(run):
        return None
    return Verdict(
        "good",
        _("Clearly better than the {probe}.", probe=_(LINEAR_PROBE)),
        f"{facts}{_rows_apart(pair) or '; the 95 % intervals do not overlap'}.",
        _("Try it on texts of your own.")
        if tuned == 1
        else _("Look through the wrong answers, then try it on texts of your own."),
    )


def _not_better(run: Run, facts: str, pair: PairedTest | None) -> Verdict | None:
    """What equal or fewer right answers than the probe's mean, which depends on how sure that is."""
    if pair and gains_nothing(pair):
        # Said by `as_good_without`, maybe of a cheaper baseline.
        return None
    if pair and pair.verdict != "worse":
        return Verdict(
            "info",
            _("No better than the {probe} on these rows.", probe=_(LINEAR_PROBE)),
            _(
                "{facts}; so few rows cannot tell whether tuning helps{rows_apart}.",
                facts=facts,
                rows_apart=_rows_apart(pair),
            ),
            _("More labelled rows would settle it; the Examples tab shows which rows improved and which got worse."),
            remedies.more_tested_rows(run),
        )
    return Verdict(
        "warning",
        _("Fine-tuning did not improve on the {probe}.", probe=_(LINEAR_PROBE)),
        f"{facts}.",
        _("Try another method; if that does not help, the {probe} is enough.", probe=_(LINEAR_PROBE)),
        remedies.OTHER_METHODS,
    )


def _may_be_majority(run: Run) -> bool:
    """Whether it may be no better than the majority class: no praise then, whatever else it is better than."""
    pair = baselines.paired(run.results or {}, "majority")
    return pair is not None and pair.verdict != "better"


def _rows_apart(pair: PairedTest | None) -> str:
    """How many rows speak for the tuned model and how many against it."""
    if pair is None:
        return ""
    return _(
        ": {first_only} rows only the tuned model got right, {second_only} only the base (p = {p_value})",
        first_only=decimal(pair.first_only),
        second_only=decimal(pair.second_only),
        p_value=localized(f"{pair.p_value:.2g}"),
    )


def as_good_without(run: Run, points: Points) -> Verdict | None:
    """A baseline that needs no tuning certainly does as well; the cheapest is named.

    A run that learned nothing shows nothing about tuning; `against_majority` and the curves say what went wrong.
    """
    results = run.results or {}
    if _accuracy(run) is None or has_diverged(points) or _is_at_majority(run):
        return None
    for known in baselines.measured(results):
        if not known.solves or known.pair is None or not gains_nothing(known.pair):
            continue
        if known.key == "linear_probe" and known.scores["accuracy"] == _accuracy(run) == 1:
            # Said by `against_base`.
            continue
        if known.key == "linear_probe" and baselines.kept_probe(results):
            # It is the result.
            continue
        low, high = known.pair.interval
        return Verdict(
            "warning",
            _("Tuning is not worth it here: {name} does better.", name=known.name)
            if known.pair.verdict == "worse"
            else _("Tuning is not worth it here: {name} does as well.", name=known.name),
            _(
                "It reaches {baseline} on the same {rows} rows, the tuned model {tuned}; with 95 % certainty tuning gains between {low} and {high} points.",
                baseline=headline.percent(known.scores["accuracy"]),
                rows=decimal(known.pair.rows),
                tuned=headline.percent(results["metrics"]["accuracy"]),
                low=decimal(100 * low, 1),
                high=decimal(100 * high, 1),
            ),
            _("Use the simpler one, or compare other methods if these last points matter."),
            remedies.OTHER_METHODS,
            major=True,
        )
    return None


def predicted_by_one_text(run: Run, points: Points) -> Verdict | None:
    """Of a model that compares two texts: one of them alone reaches nearly as much."""
    tuned, floor = _accuracy(run), _baseline(run, "majority")
    known = [item for item in baselines.measured(run.results or {}) if item.key in ALONE]
    best = max(known, key=lambda item: item.scores["accuracy"], default=None)
    if tuned is None or floor is None or best is None or (best.pair and gains_nothing(best.pair)):
        # Said by `as_good_without`.
        return None
    gain = best.scores["accuracy"] - floor
    if gain < ALONE_GAIN or gain < ALONE_SHARE * (tuned - floor):
        return None
    return Verdict(
        "warning",
        _("One of the two texts tells most labels by itself."),
        _(
            "{name} reaches {alone}, the model on both texts {tuned}, the majority class {floor}.",
            name=baselines.heading(best.key),
            alone=headline.percent(best.scores["accuracy"]),
            tuned=headline.percent(tuned),
            floor=headline.percent(floor),
        ),
        _("The model may hardly compare the texts. Add pairs in which the same wording occurs with every label."),
        remedies.MORE_DATA,
        major=True,
    )


def missed_labels(run: Run, points: Points) -> Verdict | None:
    results = run.results or {}
    missed = headline.missed_labels(results) if _accuracy(run) is not None else []
    return low_recall(missed)


def too_few_rows(run: Run, points: Points) -> Verdict | None:
    if _accuracy(run) is None:
        return None
    low, high = _interval(run)
    if high - low <= WIDE_INTERVAL:
        return None
    results = run.results or {}
    folded = tested_rows.folds(results)
    return Verdict(
        "warning",
        _("Too few rows to say precisely how good it is.")
        if folded
        else _("Too few test rows to say precisely how good it is."),
        _(
            "With {rows}, the true accuracy lies anywhere between {percent} and {percent_2}.",
            rows=tested_rows.rows_words(results),
            percent=headline.percent(low),
            percent_2=headline.percent(high),
        ),
        _("Every row is tested already; add labelled rows.")
        if folded
        else _("Cross-validate, give the test a larger share of the rows, or add labelled rows."),
        remedies.more_tested_rows(run),
    )


def _accuracy(run: Run) -> float | None:
    found: float | None = (run.results or {}).get("metrics", {}).get("accuracy")
    return found


def _baseline(run: Run, name: str) -> float | None:
    found: float | None = ((run.results or {}).get("baseline", {}).get(name) or {}).get("accuracy")
    return found


def _interval(run: Run) -> Sequence[float]:
    given: Sequence[float] | None = (run.results or {}).get("intervals", {}).get("accuracy")
    return given or _interval_of(run, _accuracy(run) or 0.0)


def _interval_of(run: Run, share: float) -> Sequence[float]:
    return tested_rows.interval(share, run.results or {})


RULES = (against_majority, as_good_without, predicted_by_one_text, missed_labels, too_few_rows)
