"""The verdict on a run whose training did not improve on the linear probe that it started from."""

from app.languages import decimal, localized
from app.languages import gettext as _
from app.models import SUCCEEDED, Run
from app.services.evaluation import baselines, remedies
from app.services.evaluation.verdict import Points, Verdict


def kept(run: Run, points: Points) -> Verdict | None:
    """The probe's weights are the result: no later check of the validation rows was better."""
    results = run.results or {}
    if run.job.state != SUCCEEDED or not baselines.kept_probe(results):
        return None
    later = [value for step, value in points.get("eval/loss", ()) if step and value is not None]
    start = localized(f"{results['start_validation']['loss']:.3g}")
    return Verdict(
        "warning",
        _("Training did not improve on the linear probe; the probe's weights are kept."),
        _(
            "Evaluation loss was {start} before the first step, and {later} at the best of {checks} later checks.",
            start=start,
            later=localized(f"{min(later):.3g}"),
            checks=decimal(len(later)),
        )
        if later
        else _("Evaluation loss was {start} before the first step.", start=start),
        _("It can be used as it is. A lower learning rate or more training rows may improve on it."),
        remedies.scaled_learning_rate(run, points, 1 / 3),
        major=True,
    )
