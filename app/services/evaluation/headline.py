"""The one sentence that a finished run opens with: its number first, then whether that is enough.

Judged by the whole 95 % interval: good enough when all of it reaches what is needed, not yet when none of it does. What is needed
is a share that the person may choose. Written text has no such number, so only what speaks against it is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from app.catalog.task_types import PRIMARY_SCORES, TASK_TYPES
from app.catalog.task_types.scores import Score
from app.intervals import wilson
from app.languages import decimal
from app.languages import gettext as _
from app.models import SUCCEEDED
from app.services.evaluation import baselines, tested_rows, text_doubts
from app.services.evaluation.text_doubts import short_number

Conclusion = Literal["good_enough", "not_yet", "cannot_tell"]
Results = Mapping[str, Any]

# What is needed of a primary metric unless the person says otherwise.
NEEDED = {task.primary_metric: task.needed for task in TASK_TYPES if task.needed is not None}
# Shares that the page offers.
CHOICES = (0.70, 0.80, 0.90, 0.95, 0.99)
# Of fewer test rows the right ones are counted.
COUNTED_ROWS = 100
# A label of at least five test rows is called missed when fewer than half of its test rows are found, and the interval of that share ends below this.
NAMED_ROWS = 5
MOSTLY_MISSED, CERTAINLY_MISSED = 0.5, 0.75


@dataclass(frozen=True)
class Headline:
    """The sentence, what it concludes, and the share that was needed (None for written text)."""

    conclusion: Conclusion
    sentence: str
    needed: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The sentence as JSON."""
        return asdict(self)


def headline(state: str, results: Results | None, needed: float | None = None) -> Headline | None:
    """The sentence of a run; None before it has finished and been tested.

    Args:
        needed: share (0..1) of right answers that the purpose needs; by default 0.9, and an F1 of 0.8 for entities.
    """
    results = results or {}
    scores = results.get("metrics") or {}
    if state != SUCCEEDED:
        return None
    if scores.get("accuracy") is not None:
        return _with_start(_labels(results, needed or NEEDED["accuracy"]), results)
    if scores.get("f1") is not None:
        return _with_start(_entities(results, needed or NEEDED["f1"]), results)
    if scores.get("perplexity") is not None:
        return _text(results)
    score = next((score for score in PRIMARY_SCORES if scores.get(score.key) is not None), None)
    return _with_start(_scored(results, score, needed or NEEDED.get(score.key)), results) if score else None


def _with_start(judged: Headline, results: Results) -> Headline:
    """The same sentence, followed by another where the result is what the run started from."""
    if not baselines.kept_probe(results):
        return judged
    words = _(
        "{sentence} Training did not improve on the linear probe; the probe's weights are kept.",
        sentence=judged.sentence,
    )
    return replace(judged, sentence=words)


def leaking_rows(results: Results) -> int:
    """Test rows that are copies, or nearly, of rows that the run learned from."""
    return min(int(results.get("leaking_rows") or 0), int(results.get("test_rows") or 0))


def missed_labels(results: Results) -> list[Mapping[str, Any]]:
    """Scores of the labels that most of their test rows are not given, the rarest found first."""
    missed = [
        score
        for score in results.get("per_class") or ()
        if score.get("count", 0) >= NAMED_ROWS
        and score["recall"] < MOSTLY_MISSED
        and tested_rows.interval(score["recall"], results, int(score["count"]))[1] < CERTAINLY_MISSED
    ]
    return sorted(missed, key=lambda score: float(score["recall"]))


def _labels(results: Results, needed: float) -> Headline:
    share = float(results["metrics"]["accuracy"])
    interval = (results.get("intervals") or {}).get("accuracy") or tested_rows.interval(share, results)
    facts = _facts_on(results, share, interval)
    return (
        _against_majority(results, facts, needed)
        or _leaking(results, facts, interval, needed)
        or _missed(results, facts, interval, needed)
        or _reached(facts, interval, needed)
    )


def _facts_on(results: Results, share: float, interval: Sequence[float]) -> str:
    """The number with its interval; of few rows how many, because a share would promise more than they can tell."""
    rows, folds = tested_rows.count_rows(results), tested_rows.folds(results)
    if folds and rows < COUNTED_ROWS:
        return _(
            "{right} of {rows} rows right, {folds}-fold cross-validated (95 % interval {low} to {high})",
            right=decimal(round(share * rows)),
            rows=decimal(rows),
            folds=folds,
            low=decimal(interval[0] * 100),
            high=percent(interval[1], 0),
        )
    if rows < COUNTED_ROWS:
        return _(
            "{right} of {rows} test rows right (95 % interval {low} to {high})",
            right=decimal(round(share * rows)),
            rows=decimal(rows),
            low=decimal(interval[0] * 100),
            high=percent(interval[1], 0),
        )
    return _(
        "{share} right on {rows} (95 % interval {low} to {high})",
        share=percent(share),
        rows=tested_rows.rows_words(results),
        low=decimal(interval[0] * 100, 1),
        high=percent(interval[1]),
    )


def _entities(results: Results, needed: float) -> Headline:
    share, rows = float(results["metrics"]["f1"]), tested_rows.sentences_words(results)
    interval = (results.get("intervals") or {}).get("f1") or (0.0, 1.0)
    facts = _(
        "{share} entity F1 on {rows} (95 % interval {low} to {high})",
        share=percent(share),
        rows=rows,
        low=decimal(interval[0] * 100, 1),
        high=percent(interval[1]),
    )
    listed = baselines.base_scores(results, "word_list").get("f1")
    if share == 0:
        words = _("0 % entity F1 on {rows}: not yet, it finds no entity.", rows=rows)
        return Headline("not_yet", words, needed)
    if listed is not None and share <= listed:
        words = _("{facts}: not yet, a list of known words reaches {listed}.", facts=facts, listed=percent(listed))
        return Headline("not_yet", words, needed)
    leaking = leaking_rows(results)
    if leaking and interval[1] >= needed:
        words = _(
            "{facts}, but {leaking} of them are copies of training sentences or nearly: cannot tell how it does on new texts.",
            facts=facts,
            leaking=decimal(leaking),
        )
        return Headline("cannot_tell", words, needed)
    return _missed(results, facts, interval, needed) or _reached(facts, interval, needed)


def _against_majority(results: Results, facts: str, needed: float) -> Headline | None:
    """A model that is no better than its most frequent label is not judged by its number."""
    share, majority = results["metrics"]["accuracy"], baselines.base_scores(results, "majority").get("accuracy")
    if majority is None:
        return None
    pair = baselines.paired(results, "majority")
    if share <= majority:
        words = _(
            "{facts}: not yet, the most frequent label alone reaches {majority}.",
            facts=facts,
            majority=percent(majority),
        )
        return Headline("not_yet", words, needed)
    low = tested_rows.interval(share, results)[0]
    if pair.verdict != "better" if pair else low <= majority:
        words = _(
            "{facts}: cannot tell whether it is better than the most frequent label alone, which reaches {majority}.",
            facts=facts,
            majority=percent(majority),
        )
        return Headline("cannot_tell", words, needed)
    if majority >= needed:
        words = _(
            "{facts}: cannot tell by {needed}, which the most frequent label alone reaches ({majority}).",
            facts=facts,
            needed=percent(needed, 0),
            majority=percent(majority),
        )
        return Headline("cannot_tell", words, needed)
    return None


def _leaking(results: Results, facts: str, interval: Sequence[float], needed: float) -> Headline | None:
    """As if every leaking row were right by memory alone: what is left must be enough."""
    leaking, rows = leaking_rows(results), int(results.get("test_rows") or 0)
    if not leaking or interval[1] < needed:
        return None
    right = max(0, round(results["metrics"]["accuracy"] * rows) - leaking)
    if rows > leaking and wilson(right / (rows - leaking), rows - leaking)[0] >= needed:
        words = _(
            "{facts}: good enough where {needed} is needed, also without the {leaking} test rows that are copies of training rows or nearly.",
            facts=facts,
            needed=percent(needed, 0),
            leaking=decimal(leaking),
        )
        return Headline("good_enough", words, needed)
    words = _(
        "{facts}, but {leaking} of them are copies of training rows or nearly: cannot tell how it does on new texts.",
        facts=facts,
        leaking=decimal(leaking),
    )
    return Headline("cannot_tell", words, needed)


def _missed(results: Results, facts: str, interval: Sequence[float], needed: float) -> Headline | None:
    """Enough altogether, but not for some labels."""
    missed = missed_labels(results)
    if not missed or interval[0] < needed:
        return None
    labels = ", ".join(f"“{score['label']}”" for score in missed[:3])
    words = _(
        "{facts}: enough altogether where {needed} is needed, but not yet for {labels}, most of which it misses.",
        facts=facts,
        needed=percent(needed, 0),
        labels=labels,
    )
    return Headline("not_yet", words, needed)


def _reached(facts: str, interval: Sequence[float], needed: float, score: Score | None = None) -> Headline:
    share = decimal(needed, 2) if score and score.unit == "number" else percent(needed, 0)
    if interval[0] >= needed:
        return Headline(
            "good_enough", _("{facts}: good enough where {needed} is needed.", facts=facts, needed=share), needed
        )
    if interval[1] < needed:
        return Headline("not_yet", _("{facts}: not yet where {needed} is needed.", facts=facts, needed=share), needed)
    return Headline(
        "cannot_tell", _("{facts}: cannot tell yet whether {needed} is reached.", facts=facts, needed=share), needed
    )


def _scored(results: Results, score: Score, needed: float | None) -> Headline:
    """A score of all answers together, such as F1 of labels, against the answer that is the same for every row."""
    value, rows = float(results["metrics"][score.key]), tested_rows.rows_words(results)
    interval = (results.get("intervals") or {}).get(score.key) or (value, value)
    low, high = (_value(score, end) for end in interval)
    facts = _(
        "{score} {value} on {rows} (95 % interval {low} to {high})",
        score=_(score.title),
        value=_value(score, value),
        rows=rows,
        low=low,
        high=high,
    )
    floor = next((known for known in baselines.measured(results) if not known.solves), None)
    if floor and not (floor.pair and floor.pair.verdict == "better"):
        words = _(
            "{facts}: not better for certain than the {name}, which reaches {value}.",
            facts=facts,
            name=floor.name,
            value=_value(score, floor.scores[score.key]),
        )
        return Headline("not_yet" if value <= floor.scores[score.key] else "cannot_tell", words, needed)
    if score.chance is not None and interval[0] <= score.chance:
        words = _(
            "{facts}: cannot tell it from guessing, which reaches {value}.",
            facts=facts,
            value=_value(score, score.chance),
        )
        return Headline("cannot_tell", words, needed)
    leaking = leaking_rows(results)
    # As if every leaking row were right by memory alone.
    without = interval[0] - leaking / max(1, tested_rows.count_rows(results))
    if leaking and (needed is None or without < needed <= interval[1]):
        words = _(
            "{facts}, but {leaking} of them are copies of training rows or nearly: cannot tell how it does on new texts.",
            facts=facts,
            leaking=decimal(leaking),
        )
        return Headline("cannot_tell", words, needed)
    if results.get("references"):
        return _of_texts(results, facts)
    if needed is None:
        words = _(
            "{facts}: whether that is near enough depends on what it is for; look at the farthest answers.", facts=facts
        )
        return Headline("cannot_tell", words)
    return (
        _missed(results, facts, interval, needed)
        or (_not_beaten(results, score, facts, interval, needed) if score.unit == "number" else None)
        or _reached(facts, interval, needed, score)
    )


def _not_beaten(
    results: Results, score: Score, facts: str, interval: Sequence[float], needed: float
) -> Headline | None:
    """Enough by its number, but a simpler model may do as well: what a number is worth shows beside others alone."""
    if interval[0] < needed:
        return None
    kept = baselines.kept_probe(results)
    rivals = [
        known for known in baselines.measured(results) if known.solves and not (kept and known.key == "linear_probe")
    ]
    equals = [known for known in rivals if not (known.pair and known.pair.verdict == "better")]
    if not equals:
        return None
    best = max(equals, key=lambda known: known.scores[score.key])
    words = _(
        "{facts}: {needed} is reached, but it is not better for certain than {name}, which reaches {value}.",
        facts=facts,
        needed=decimal(needed, 2),
        name=best.name,
        value=_value(score, best.scores[score.key]),
    )
    return Headline("cannot_tell", words, needed)


def _of_texts(results: Results, facts: str) -> Headline:
    """No share of letters in common says that a text is right; some of them say that it is not."""
    doubts = [doubt for doubt in text_doubts.find(results) if doubt.decides]
    if doubts:
        words = _("{facts}: not yet, {why}.", facts=facts, why=_("; ").join(doubt.words for doubt in doubts[:2]))
        return Headline("not_yet", words)
    if text_doubts.has_few_rows(results):
        return Headline("cannot_tell", _("{facts}: too few rows to tell whether tuning helped.", facts=facts))
    words = _(
        "{facts}: cannot tell from numbers whether the texts are right, so read some beside their references.",
        facts=facts,
    )
    return Headline("cannot_tell", words)


def _value(score: Score, value: float) -> str:
    return percent(value) if score.unit == "share" else decimal(value, 3)


def _text(results: Results) -> Headline:
    facts = _(
        "Perplexity {tuned} on {rows} test rows, {base} before tuning",
        tuned=short_number(results["metrics"]["perplexity"]),
        rows=decimal(int(results.get("test_rows") or 0)),
        base=short_number(baselines.base_scores(results, "untouched").get("perplexity")),
    )
    doubts = text_doubts.find(results)
    if doubts:
        conclusion: Conclusion = "not_yet" if any(doubt.decides for doubt in doubts) else "cannot_tell"
        verdict = _("not yet") if conclusion == "not_yet" else _("cannot tell")
        why = _("; ").join(doubt.words for doubt in doubts[:2])
        return Headline(conclusion, _("{facts}: {verdict}, {why}.", facts=facts, verdict=verdict, why=why))
    if text_doubts.has_few_rows(results):
        return Headline("cannot_tell", _("{facts}: too few rows to tell whether tuning helped.", facts=facts))
    low, high = (results.get("change") or {}).get("interval") or (0.0, 0.0)
    if low <= 0 <= high:
        words = _("{facts}: cannot tell whether tuning helped, the difference may be chance.", facts=facts)
        return Headline("cannot_tell", words)
    words = _(
        "{facts}: better than before; cannot tell from numbers whether the answers are right, so read some.",
        facts=facts,
    )
    return Headline("cannot_tell", words)


def percent(share: float, digits: int = 1) -> str:
    """ "96.7 %"; more digits would promise more than the rows can tell."""
    return f"{decimal(share * 100, digits)} %"
