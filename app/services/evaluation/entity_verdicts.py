"""Verdict rules for token classification, where entities are scored."""

from app.catalog.entity_scores import NOTHING
from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.statistics import PairedTest
from app.services.evaluation.verdict import LINEAR_PROBE, MAX_LENGTH_TITLE, Points, Verdict, plateau

# F1 of fewer entities is decided by a handful of them.
WIDE_INTERVAL = 0.10
# Recall below which a type counts as mostly missed.
WEAK_RECALL = 0.5


def against_base(run: Run, points: Points, pair: PairedTest | None = None) -> Verdict | None:
    """Entity F1 beside the linear probe on the base model, on the same sentences."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("f1")
    base = ((results.get("baseline") or {}).get("linear_probe") or {}).get("f1")
    if tuned is None or base is None:
        return None
    facts = f"Entity F1 {tuned:.1%} fine-tuned, {base:.1%} {LINEAR_PROBE}, on {int(results.get('test_rows') or 0):,} sentences"
    if tuned == 0:
        return Verdict(
            "error",
            "The fine-tuned model finds no entity.",
            f"{facts}.",
            "Check that the tags are the right column, then try a higher learning rate or more epochs.",
            remedies.scaled_learning_rate(run, points, 3.0) or remedies.more_epochs(run),
        )
    if tuned <= base:
        return Verdict(
            "warning",
            f"Fine-tuning did not improve on the {LINEAR_PROBE}.",
            f"{facts}.",
            f"Try more epochs or another method; if that does not help, the {LINEAR_PROBE} is enough.",
            remedies.OTHER_METHODS,
        )
    if pair is None or pair.verdict != "better":
        return Verdict(
            "info",
            f"Slightly better than the {LINEAR_PROBE}, but it may be chance.",
            f"{facts}{_sentences_apart(pair)}.",
            "More test sentences would settle it; the Examples tab shows which improved and which got worse.",
            remedies.MORE_DATA,
        )
    return Verdict(
        "good",
        f"Clearly better than the {LINEAR_PROBE}.",
        f"{facts}{_sentences_apart(pair)}.",
        "Try it on texts of your own."
        if tuned == 1
        else "Look through what it missed, then try it on texts of your own.",
    )


def few_entities(run: Run, points: Points) -> Verdict | None:
    """The interval of F1 is too wide to settle most questions."""
    results = run.results or {}
    interval = (results.get("intervals") or {}).get("f1")
    if not interval or interval[1] - interval[0] <= WIDE_INTERVAL:
        return None
    count = int(results.get("test_entities") or 0)
    return Verdict(
        "warning",
        "Too few test entities to say precisely how good it is.",
        f"With {count:,} entities the true F1 lies anywhere between {interval[0]:.1%} and {interval[1]:.1%}.",
        "Add marked sentences, or upload a larger evaluation file of your own.",
        remedies.MORE_DATA,
    )


def weak_types(run: Run, points: Points) -> Verdict | None:
    """Types with low recall although the model is good at others."""
    scores = [score for score in (run.results or {}).get("per_class") or () if score.get("count")]
    if ((run.results or {}).get("labels") or [""])[-1] != NOTHING or not scores:
        return None
    weak = [score for score in scores if score["recall"] < WEAK_RECALL]
    if not weak or len(weak) == len(scores):
        return None
    listed = ", ".join(f"{score['label']} ({score['recall']:.0%} of {score['count']:,})" for score in weak[:4])
    return Verdict(
        "warning",
        "Low recall: some types are mostly missed.",
        f"Found: {listed}.",
        "Add sentences with these types; the Labels tab has the scores of each.",
        remedies.MORE_DATA,
    )


def truncated_test(run: Run, points: Points) -> Verdict | None:
    """Entities that could not be found because the text was truncated before them."""
    cut = int((run.results or {}).get("cut_test_rows") or 0)
    if not cut:
        return None
    return Verdict(
        "warning",
        f"{cut:,} test sentences were cut, and what is marked after the cut counts as missed.",
        f"The limit is {run.spec['training']['max_length']} tokens.",
        f"Raise “{MAX_LENGTH_TITLE}”, or split long texts into sentences.",
        remedies.longer_text(run),
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks of the entity F1 brought nothing."""
    checks = [(int(step), value) for step, value in points.get("eval/f1", ()) if value is not None]
    return plateau(run, checks, lambda rank: f"Entity F1 on the validation sentences was {rank:.1%}")


RULES = (few_entities, weak_types, truncated_test, stopped_improving)


def _sentences_apart(pair: PairedTest | None) -> str:
    if pair is None:
        return ""
    return (
        f": {pair.first_only:,} sentences with fewer mistakes after tuning, {pair.second_only:,} with more "
        f"(p = {pair.p_value:.2g})"
    )
