"""What a run lost of the model's other abilities, in words. Pure; the limits are the engine's, stored with the result."""

from app.models import Run
from app.services.evaluation.curve_verdicts import other_rate
from app.services.evaluation.verdict import Points, Verdict, verdict

GENTLER = (
    "If other abilities matter, try a lower learning rate, fewer passes, or a method that changes less: SHiRA, or LoRA on the "
    "feed-forward part; for models that sort texts prompt tuning or head only."
)


def lost(run: Run, points: Points) -> Verdict | None:
    """Amber or red retention; nothing to say when it was kept or not measured."""
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
            f"A fresh probe on its vectors tells {found['task']} in {found['after']:.1%} of {found['rows']} sentences, "
            f"on the untouched model in {found['before']:.1%}."
        )
    title = f"The model lost {much} of what it could do elsewhere."
    return verdict("warning", title, evidence, GENTLER, other_rate(run, points, 1 / 3))


RULES = (lost,)
