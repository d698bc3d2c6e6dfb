"""What the numbers of a run that labels words mean in plain words: rules for :mod:`app.services.verdicts`. Pure."""

from collections.abc import Mapping, Sequence

from app.catalog.entity_scores import NOTHING
from app.models import SUCCEEDED, Run
from app.services.statistics import Paired

Points = Mapping[str, Sequence[Sequence[float]]]

# With fewer entities to find, one more or less moves the score by a point or two.
FEW_ENTITIES = 50
WIDE_INTERVAL = 0.10
# A type that is found in fewer than half of the cases while others are found well.
WEAK_RECALL = 0.5


def against_base(run: Run, points: Points, pair: Paired | None = None) -> dict[str, str] | None:
    """Entity F1 beside the linear probe on the untouched model, judged on the same sentences."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("f1")
    base = ((results.get("baseline") or {}).get("linear_probe") or {}).get("f1")
    if tuned is None or base is None:
        return None
    facts = f"Entity F1 {tuned:.1%} tuned, {base:.1%} untouched base model, on {int(results.get('test_rows') or 0):,} sentences"
    if tuned == 0:
        return _verdict(
            "error",
            "The tuned model marks no entity rightly.",
            f"{facts}.",
            "Check that the tags are the right column, then try a higher learning rate or more passes.",
        )
    if tuned <= base:
        return _verdict(
            "warning",
            "Tuning did not improve on the untouched base model.",
            f"{facts}.",
            "Try more passes or another method; if that does not help, the base model with a linear probe is enough.",
        )
    if pair is None or pair.verdict != "better":
        return _verdict(
            "info",
            "Slightly better than the untouched base model, but it may be chance.",
            f"{facts}{_apart(pair)}.",
            "More test sentences would settle it; the Examples tab shows which improved and which got worse.",
        )
    return _verdict(
        "good",
        "Clearly better than the untouched base model.",
        f"{facts}{_apart(pair)}.",
        "Look through what it missed, then try it on texts of your own.",
    )


def few_entities(run: Run, points: Points) -> dict[str, str] | None:
    """A score that a handful of entities decides."""
    results = run.results or {}
    interval = (results.get("intervals") or {}).get("f1")
    if not interval or interval[1] - interval[0] <= WIDE_INTERVAL:
        return None
    count = int(results.get("test_entities") or 0)
    return _verdict(
        "warning",
        "Too few test entities to say precisely how good it is.",
        f"With {count:,} entities the true F1 lies anywhere between {interval[0]:.1%} and {interval[1]:.1%}.",
        "Add marked sentences, or upload a larger evaluation file of your own.",
    )


def weak_types(run: Run, points: Points) -> dict[str, str] | None:
    """Types that are mostly missed although the model is good at others."""
    types = [each for each in (run.results or {}).get("per_class") or () if each.get("count")]
    if ((run.results or {}).get("labels") or [""])[-1] != NOTHING or not types:
        return None
    weak = [each for each in types if each["recall"] < WEAK_RECALL]
    if not weak or len(weak) == len(types):
        return None
    listed = ", ".join(f"{each['label']} ({each['recall']:.0%} of {each['count']:,})" for each in weak[:4])
    return _verdict(
        "warning",
        "Some types are mostly missed.",
        f"Found: {listed}.",
        "Add sentences with these types; the Labels tab has the scores of each.",
    )


def cut_test(run: Run, points: Points) -> dict[str, str] | None:
    """Entities that could not be found because the text was cut before them."""
    cut = int((run.results or {}).get("cut_test_rows") or 0)
    if not cut:
        return None
    return _verdict(
        "warning",
        f"{cut:,} test sentences were cut, and what is marked after the cut counts as missed.",
        f"The limit is {run.spec['training']['max_length']} tokens.",
        "Raise “Longest text”, or split long texts into sentences.",
    )


def stopped_improving(run: Run, points: Points) -> dict[str, str] | None:
    """Later checks brought nothing."""
    checks = [(value, -step) for step, value in points.get("eval/f1", ()) if value is not None]
    if len(checks) < 3:
        return None
    best, negative = max(checks)
    later = [step for _, step in checks if step < negative]
    # Where scores are close the trainer goes by the loss; then it improved until the step that it kept.
    if len(later) < 2 or ((run.results or {}).get("best_step") or 0) > -negative:
        return None
    tip = "Fewer passes would save time." if run.job.state == SUCCEEDED else "Stopping now keeps the best checkpoint."
    return _verdict(
        "info",
        f"Evaluation stopped improving at step {int(-negative):,}; the best checkpoint is kept.",
        f"Entity F1 on the validation sentences was {best:.1%} there; {len(later)} later checks were not better.",
        tip,
    )


RULES = (few_entities, weak_types, cut_test, stopped_improving)


def _apart(pair: Paired | None) -> str:
    if pair is None:
        return ""
    return (
        f": {pair.first_only:,} sentences with fewer mistakes after tuning, {pair.second_only:,} with more "
        f"(p = {pair.p_value:.2g})"
    )


def _verdict(severity: str, title: str, evidence: str, tip: str) -> dict[str, str]:
    return {"severity": severity, "title": title, "evidence": evidence, "tip": tip}
