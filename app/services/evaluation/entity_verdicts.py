"""Verdict rules for token classification, where entities are scored."""

from app.catalog.entity_scores import NOTHING
from app.catalog.task_types import task_type
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import baselines, remedies, tested_rows
from app.services.evaluation.statistics import PairedTest
from app.services.evaluation.verdict import (
    LINEAR_PROBE,
    MAX_LENGTH_TITLE,
    Points,
    Verdict,
    has_diverged,
    listed_recalls,
    longer_text_tip,
    plateau,
)

# F1 of fewer entities is decided by a handful of them.
WIDE_INTERVAL = 0.10
# Recall below which a type counts as mostly missed.
WEAK_RECALL = 0.5


def against_base(run: Run, points: Points, pair: PairedTest | None = None) -> Verdict | None:
    """Entity F1 beside the linear probe on the base model, on the same sentences."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("f1")
    base = ((results.get("baseline") or {}).get("linear_probe") or {}).get("f1")
    if tuned is None or base is None or (tuned and baselines.kept_probe(results)):
        return None
    facts = _(
        "Entity F1 {tuned} fine-tuned, {base} {probe}, on {rows}",
        tuned=localized(f"{tuned:.1%}"),
        base=localized(f"{base:.1%}"),
        probe=_(LINEAR_PROBE),
        rows=tested_rows.sentences_words(results),
    )
    if tuned == 0:
        return Verdict(
            "error",
            _("The fine-tuned model finds no entity."),
            f"{facts}.",
            *(
                (_("The training loss rose: lower the learning rate."), remedies.lower_learning_rate(run, points))
                if has_diverged(points)
                else (
                    _("Check that the tags are the right column, then try a higher learning rate or more epochs."),
                    remedies.scaled_learning_rate(run, points, 3.0) or remedies.more_epochs(run),
                )
            ),
        )
    if tuned <= base:
        return Verdict(
            "warning",
            _("Fine-tuning did not improve on the {probe}.", probe=_(LINEAR_PROBE)),
            f"{facts}.",
            _("Try another method; if that does not help, the {probe} is enough.", probe=_(LINEAR_PROBE)),
            remedies.OTHER_METHODS,
        )
    if pair is None or pair.verdict != "better":
        return Verdict(
            "info",
            _("Slightly better than the {probe}, but it may be chance.", probe=_(LINEAR_PROBE)),
            f"{facts}{_sentences_apart(pair)}.",
            _("More sentences would settle it; the Examples tab shows which improved and which got worse."),
            remedies.more_tested_rows(run),
        )
    return Verdict(
        "good",
        _("Clearly better than the {probe}.", probe=_(LINEAR_PROBE)),
        f"{facts}{_sentences_apart(pair)}.",
        _("Try it on texts of your own.")
        if tuned == 1
        else _("Look through what it missed, then try it on texts of your own."),
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
        _("Too few entities to say precisely how good it is.")
        if tested_rows.folds(results)
        else _("Too few test entities to say precisely how good it is."),
        _(
            "With {count} entities the true F1 lies anywhere between {interval_0} and {interval_1}.",
            count=decimal(count),
            interval_0=localized(f"{interval[0]:.1%}"),
            interval_1=localized(f"{interval[1]:.1%}"),
        ),
        _("Every sentence is tested already; add marked ones.")
        if tested_rows.folds(results)
        else _("Cross-validate, give the test a larger share of the sentences, or add marked ones."),
        remedies.more_tested_rows(run),
    )


def weak_types(run: Run, points: Points) -> Verdict | None:
    """Types with low recall although the model is good at others."""
    scores = [score for score in (run.results or {}).get("per_class") or () if score.get("count")]
    if ((run.results or {}).get("labels") or [""])[-1] != NOTHING or not scores:
        return None
    weak = [score for score in scores if score["recall"] < WEAK_RECALL]
    if not weak or len(weak) == len(scores):
        return None
    return Verdict(
        "warning",
        _("Low recall: some types are mostly missed."),
        _("Found: {listed}.", listed=listed_recalls(weak)),
        _("Add sentences with these types; the Labels tab has the scores of each."),
        remedies.MORE_DATA,
    )


def truncated_test(run: Run, points: Points) -> Verdict | None:
    """Entities that could not be found because the text was truncated before them."""
    cut = int((run.results or {}).get("cut_test_rows") or 0)
    if not cut:
        return None
    return Verdict(
        "warning",
        _("{cut} test sentences were cut, and what is marked after the cut counts as missed.", cut=decimal(cut)),
        _("The limit is {max_length} tokens.", max_length=run.spec["training"]["max_length"]),
        longer_text_tip(run, _("Raise “{setting}”, or split long texts into sentences.", setting=_(MAX_LENGTH_TITLE))),
        remedies.longer_text(run),
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks of the entity F1 brought nothing."""
    if task_type(run.task_type).answer_form != "entities":
        return None
    return plateau(
        run, points, lambda value: _("Entity F1 on the validation sentences was {rank}", rank=localized(f"{value:.1%}"))
    )


RULES = (few_entities, weak_types, truncated_test, stopped_improving)


def _sentences_apart(pair: PairedTest | None) -> str:
    if pair is None:
        return ""
    return _(
        ": {first_only} sentences with fewer mistakes after tuning, {second_only} with more (p = {p_value})",
        first_only=decimal(pair.first_only),
        second_only=decimal(pair.second_only),
        p_value=localized(f"{pair.p_value:.2g}"),
    )
