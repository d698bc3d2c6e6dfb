"""The verdict rule on forgetting: what a run lost of the model's other abilities."""

from app.models import Run
from app.services.evaluation import remedies
from app.services.evaluation.verdict import Points, Verdict

TIP = (
    "If other abilities matter, try a lower learning rate, fewer epochs, or a method that changes less: SHiRA, or LoRA on the "
    "feed-forward part; for classifiers prompt tuning or head only."
)


def forgetting(run: Run, points: Points) -> Verdict | None:
    """Forgetting at the amber or red limit; None when it was below or not measured. The engine stores the level."""
    found = (run.results or {}).get("forgetting") or {}
    if found.get("level") not in ("amber", "red"):
        return None
    much = "much" if found["level"] == "red" else "some"
    if found.get("unit") == "loss":
        evidence = (
            f"Its loss on {found['rows']} fixed texts on many topics rose from {found['before']:.3f} to {found['after']:.3f} "
            "per token."
        )
    else:
        evidence = (
            f"A fresh linear probe on its vectors tells {found['task']} in {found['after']:.1%} of {found['rows']} sentences, "
            f"on the base model in {found['before']:.1%}."
        )
    title = f"Forgetting: the model lost {much} of what it could do elsewhere."
    return Verdict("warning", title, evidence, TIP, remedies.scaled_learning_rate(run, points, 1 / 3))


RULES = (forgetting,)
