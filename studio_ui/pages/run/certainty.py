"""The Calibration tab."""

from collections.abc import Mapping

from app.languages import gettext as _
from app.services.evaluation import calibration
from studio_ui.components.view import Content
from studio_ui.pages.run.answers import SECONDS_BETWEEN_LOOKS
from studio_ui.pages.run.wanted import is_active, not_yet, results_of, wanted_run


def read_calibration(user_id: str, query: Mapping[str, str]) -> calibration.Calibration | None:
    """The calibration of the run; None while its test rows are not answered."""
    run = wanted_run(user_id, query)
    return calibration.measure(user_id, run.id) if results_of(run).get("metrics") else None


def calibration_words(user_id: str, query: Mapping[str, str]) -> Content:
    """Why there is no calibration (yet)."""
    run = wanted_run(user_id, query)
    missing = "" if results_of(run).get("metrics") else not_yet(run, _("Calibration"))
    return Content(missing, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)
