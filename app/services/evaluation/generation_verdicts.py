"""Verdict rules for runs that generate text."""

from collections.abc import Sequence

from app.catalog.task_types import task_type
from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import remedies, text_doubts
from app.services.evaluation.baselines import base_words
from app.services.evaluation.text_doubts import TextDoubt
from app.services.evaluation.verdict import MAX_LENGTH_TITLE, Points, Verdict, longer_text_tip, plateau

# Loss per token (nats): tuning that certainly gains less is not worth it; perplexity falls by two per cent.
WORTHWHILE_LOSS = 0.02
# Doubts that no setting of the run mends.
CANNOT_WRITE = {"not_language", "hopeless"}


def against_base(run: Run, points: Points) -> Verdict | None:
    """The change of the loss per token on the same rows, with its interval."""
    results = run.results or {}
    tuned = (results.get("metrics") or {}).get("perplexity")
    base = ((results.get("baseline") or {}).get("untouched") or {}).get("perplexity")
    change = (results.get("change") or {}).get("interval")
    if tuned is None or base is None or not change:
        return None
    facts = _(
        "Perplexity {tuned} after tuning, {base} before, on {test_rows} held-out rows",
        tuned=text_doubts.short_number(tuned),
        base=text_doubts.short_number(base),
        test_rows=decimal(int(results.get("test_rows") or 0)),
    )
    if change[0] > 0:
        return Verdict(
            "warning",
            _("Tuning made the model worse on held-out rows."),
            f"{facts}.",
            _("Lower the learning rate to a third, or choose fewer epochs."),
            remedies.scaled_learning_rate(run, points, 1 / 3),
        )
    doubts = text_doubts.find(results)
    if doubts:
        return _doubtful(run, points, facts, doubts)
    if text_doubts.has_few_rows(results):
        return Verdict(
            "info",
            _("Too few test rows to say whether tuning helped."),
            f"{facts}.",
            _("Give the test a larger share of the rows, or add rows."),
            remedies.LARGER_TEST,
        )
    if change[1] < 0:
        return Verdict(
            "good",
            _("Clearly better than the base model."),
            _("{facts}; the 95 % interval of the change lies below zero.", facts=facts),
            _("Read the answers side by side, then talk to it in the playground."),
        )
    return Verdict(
        "info",
        _("No significant difference from the base model."),
        _("{facts}; the difference may be chance.", facts=facts),
        _("More rows may help; more passes cannot, the training rows are learned by heart.")
        if remedies.is_learned(run)
        else _("More epochs, a higher learning rate or more rows may help."),
        remedies.MORE_DATA if remedies.is_learned(run) else remedies.more_epochs(run),
    )


def _doubtful(run: Run, points: Points, facts: str, doubts: Sequence[TextDoubt]) -> Verdict | None:
    """No praise for a fallen loss where something speaks against the model."""
    codes = {doubt.code for doubt in doubts}
    fell = run.results["change"]["interval"][1] < 0 if run.results else False
    if codes <= {"memorised", "leaking", "forgot"}:
        # Each has a verdict of its own.
        return None
    evidence = _("{facts}. But {doubts}.", facts=facts, doubts=_("; ").join(doubt.words for doubt in doubts))
    if any(doubt.decides for doubt in doubts if doubt.code in CANNOT_WRITE):
        return Verdict(
            "error",
            _("It does not write what these rows ask for."),
            evidence,
            _(
                "Read the answers. This base model is too small, or these rows are too few; a larger one that can already write helps most."
            ),
            remedies.OTHER_MODEL,
        )
    return Verdict(
        "warning",
        _("The loss fell, but something speaks against the model.")
        if fell
        else _("Something speaks against the model."),
        evidence,
        _("Read the answers. A lower learning rate or fewer epochs may keep what the base model can."),
        remedies.scaled_learning_rate(run, points, 1 / 3),
    )


def as_good_without(run: Run, points: Points) -> Verdict | None:
    """Examples in the prompt do as well as tuning, on the rows that fit beside them."""
    found = ((run.results or {}).get("changes") or {}).get("few_shot") or {}
    if not found or found["rows"] < text_doubts.FEWEST_ROWS or found["interval"][0] <= -WORTHWHILE_LOSS:
        return None
    name = base_words("few_shot")
    tuned, prompted = (text_doubts.short_number(value) for value in found["perplexity"])
    better = found["interval"][0] > 0
    return Verdict(
        "warning",
        _("Tuning is not worth it here: {name} does better.", name=name)
        if better
        else _("Tuning is not worth it here: {name} does as well.", name=name),
        _(
            "On {rows} test rows its perplexity is {prompted}, that of the tuned model {tuned}.",
            rows=decimal(found["rows"]),
            prompted=prompted,
            tuned=tuned,
        ),
        _("Write three of your rows before each question in the playground, and compare the answers."),
        major=True,
    )


def memorised(run: Run, points: Points) -> Verdict | None:
    """Held-out answers with almost no loss were probably seen while training."""
    tuned = ((run.results or {}).get("metrics") or {}).get("perplexity")
    if tuned is None or tuned > text_doubts.MEMORISED_PERPLEXITY:
        return None
    return Verdict(
        "warning",
        _("Possible data leakage: the held-out answers are almost known by heart."),
        _("Perplexity is {tuned}; 1 means that every token was certain.", tuned=decimal(tuned, 3, grouped=False)),
        _("Check that the held-out rows are not copies of training rows, or that all answers are not the same."),
        remedies.CHECK_DATA,
    )


def stopped_improving(run: Run, points: Points) -> Verdict | None:
    """Later checks of the perplexity brought nothing."""
    if task_type(run.task_type).answer_form != "text":
        return None
    return plateau(
        run, points, lambda value: _("Perplexity on the validation rows was {rank}", rank=localized(f"{value:.3g}"))
    )


def left_out(run: Run, points: Points) -> Verdict | None:
    """Rows that were truncated before the first token of their answer."""
    lost = int((run.results or {}).get("left_out_rows") or 0)
    if not lost:
        return None
    return Verdict(
        "warning",
        _("{lost} rows could not be used: their answers begin beyond the maximum length.", lost=decimal(lost)),
        _("The limit is {max_length} tokens.", max_length=run.spec["training"]["max_length"]),
        longer_text_tip(run, _("Raise “{setting}”, or shorten the questions.", setting=_(MAX_LENGTH_TITLE))),
        remedies.longer_text(run),
    )


RULES = (against_base, as_good_without, memorised, stopped_improving, left_out)
