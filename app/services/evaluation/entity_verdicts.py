"""What the numbers of a run that labels words mean in plain words: rules for :mod:`app.services.evaluation.verdicts`. Pure."""

from app.catalog.entity_scores import NOTHING
from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.curve_verdicts import other_rate
from app.services.evaluation.statistics import Paired
from app.services.evaluation.verdict import Points, Verdict, verdict, without_gain

# With fewer entities to find, one more or less moves the score by a point or two.
FEW_ENTITIES = 50
WIDE_INTERVAL = 0.10
# A type that is found in fewer than half of the cases while others are found well.
WEAK_RECALL = 0.5


def against_base(run: Run, points: Points, pair: Paired | None = None) -> Verdict | None:
    """Entity F1 beside the linear probe on the untouched model, judged on the same sentences."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("f1")
    base = ((results.get("baseline") or {}).get("linear_probe") or {}).get("f1")
    if tuned is None or base is None:
        return None
    facts = f"Entity F1 {tuned:.1%} tuned, {base:.1%} untouched base model, on {int(results.get('test_rows') or 0):,} sentences"
    if tuned == 0:
        return verdict(
            "error",
            "The tuned model marks no entity rightly.",
            f"{facts}.",
            "Check that the tags are the right column, then try a higher learning rate or more passes.",
            other_rate(run, points, 3.0) or remedies.more_passes(run),
        )
    if tuned <= base:
        return verdict(
            "warning",
            "Tuning did not improve on the untouched base model.",
            f"{facts}.",
            "Try more passes or another method; if that does not help, the base model with a linear probe is enough.",
            remedies.OTHER_METHODS,
        )
    if pair is None or pair.verdict != "better":
        return verdict(
            "info",
            "Slightly better than the untouched base model, but it may be chance.",
            f"{facts}{_apart(pair)}.",
            "More test sentences would settle it; the Examples tab shows which improved and which got worse.",
            remedies.MORE_DATA,
        )
    return verdict(
        "good",
        "Clearly better than the untouched base model.",
        f"{facts}{_apart(pair)}.",
        "Look through what it missed, then try it on texts of your own.",
    )


def few_entities(run: Run, points: Points) -> Verdict | None:
    """A score that a handful of entities decides."""
    results = run.results or {}
    interval = (results.get("intervals") or {}).get("f1")
    if not interval or interval[1] - interval[0] <= WIDE_INTERVAL:
        return None
    count = int(results.get("test_entities") or 0)
    return verdict(
        "warning",
        "Too few test entities to say precisely how good it is.",
        f"With {count:,} entities the true F1 lies anywhere between {interval[0]:.1%} and {interval[1]:.1%}.",
        "Add marked sentences, or upload a larger evaluation file of your own.",
        remedies.MORE_DATA,
    )


def weak_types(run: Run, points: Points) -> Verdict | None:
    """Types that are mostly missed although the model is good at others."""
    types = [each for each in (run.results or {}).get("per_class") or () if each.get("count")]
    if ((run.results or {}).get("labels") or [""])[-1] != NOTHING or not types:
        return None
    weak = [each for each in types if each["recall"] < WEAK_RECALL]
    if not weak or len(weak) == len(types):
        return None
    listed = ", ".join(f"{each['label']} ({each['recall']:.0%} of {each['count']:,})" for each in weak[:4])
    return verdict(
        "warning",
        "Some types are mostly missed.",
        f"Found: {listed}.",
        "Add sentences with these types; the Labels tab has the scores of each.",
        remedies.MORE_DATA,
    )


def cut_test(run: Run, points: Points) -> Verdict | None:
    """Entities that could not be found because the text was cut before them."""
    cut = int((run.results or {}).get("cut_test_rows") or 0)
    if not cut:
        return None
    return verdict(
        "warning",
        f"{cut:,} test sentences were cut, and what is marked after the cut counts as missed.",
        f"The limit is {run.spec['training']['max_length']} tokens.",
        "Raise “Longest text”, or split long texts into sentences.",
        remedies.longer_text(run),
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks brought nothing."""
    checks = [(int(step), value) for step, value in points.get("eval/f1", ()) if value is not None]
    return without_gain(run, checks, lambda rank: f"Entity F1 on the validation sentences was {rank:.1%}")


RULES = (few_entities, weak_types, cut_test, stopped_improving)


def _apart(pair: Paired | None) -> str:
    if pair is None:
        return ""
    return (
        f": {pair.first_only:,} sentences with fewer mistakes after tuning, {pair.second_only:,} with more "
        f"(p = {pair.p_value:.2g})"
    )
