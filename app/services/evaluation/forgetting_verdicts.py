"""The verdict rule on forgetting: what a run lost of the model's other abilities."""

from app.languages import decimal, gettext_noop, localized
from app.languages import gettext as _
from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.verdict import Points, Verdict

TIP = gettext_noop(
    "If other abilities matter, try a lower learning rate, fewer epochs, or a method that changes less: SHiRA, or LoRA on the "
    "feed-forward part; for classifiers prompt tuning or head only."
)


def forgetting(run: Run, points: Points) -> Verdict | None:
    """Forgetting at the amber or red limit; None when it was below or not measured. The engine stores the level."""
    found = (run.results or {}).get("forgetting") or {}
    if found.get("level") not in ("amber", "red"):
        return None
    if found.get("unit") == "loss":
        evidence = _(
            "Its loss on {rows} fixed texts on many topics rose from {before} to {after} per token.",
            rows=found["rows"],
            before=decimal(found["before"], 3, grouped=False),
            after=decimal(found["after"], 3, grouped=False),
        )
    else:
        evidence = _(
            "A fresh linear probe on its vectors tells {task} in {after} of {rows} sentences, on the base model in {before}.",
            task=found["task"],
            after=localized(f"{found['after']:.1%}"),
            rows=found["rows"],
            before=localized(f"{found['before']:.1%}"),
        )
    if found["level"] == "red":
        title = _("Forgetting: the model lost much of what it could do elsewhere.")
    else:
        title = _("Forgetting: the model lost some of what it could do elsewhere.")
    return Verdict("warning", title, evidence, _(TIP), remedies.scaled_learning_rate(run, points, 1 / 3))


RULES = (forgetting,)
