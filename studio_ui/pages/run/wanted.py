"""The run that the page's address names, and what several parts of the page ask about it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.catalog.task_types import PRIMARY_SCORES, task_type
from app.catalog.task_types.scores import AnswerForm
from app.errors import NotFound
from app.languages import current_language
from app.languages import gettext as _
from app.services.accounts.access import TO_CHANGE, TO_DELETE, TO_SHARE, TO_TRAIN
from app.services.evaluation import comparison
from app.services.evaluation.comparison import Comparison
from app.services.runs import metrics, run_details, runs
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, empty_state
from studio_ui.permits import Permits
from studio_ui.run_words import ACTIVE, generates

SECONDS_BETWEEN_LOOKS = 1.0
CHECKED_RUNS = 200
# What the checks of a run write; a new point means that there is more to judge.
CHECKS = ("eval/loss", *(f"eval/{score.key}" for score in PRIMARY_SCORES))

# Tabs that a form of answers does not have: what is written has no labels, and marked words no stated certainty. The style sheet
# hides their buttons.
WITHOUT = {
    "labels": ("confusion", "certainty"),
    "number": ("confusion", "labels", "certainty"),
    "preference": ("confusion", "labels", "certainty"),
    "entities": ("certainty",),
    "text": ("confusion", "labels", "certainty"),
    "target": ("confusion", "labels", "certainty"),
}

# Which role the buttons of the page take in the project of the run.
NEEDS = {
    **dict.fromkeys(("star", "untag", "cancel", "pause", "resume", "write", "stop"), TO_CHANGE),
    **dict.fromkeys(("continue", "merge", "/new", "#run-shootout", "#run-continue"), TO_TRAIN),
    "share": TO_SHARE,
    "delete": TO_DELETE,
}


def wanted_id(query: Mapping[str, str]) -> str:
    """The id in the address.

    Raises:
        NotFound: it names none.
    """
    run_id = query.get("id", "")
    if not run_id:
        raise NotFound("no_run", _("No run was chosen."), _("Open one from the list of runs."))
    return run_id


def wanted_run(user_id: str, query: Mapping[str, str]) -> RunDetails:
    """The run that the address names.

    Raises:
        NotFound: it names none, or none of this person's.
    """
    return run_details.describe(runs.get_run(user_id, wanted_id(query)))


def permits_of(user_id: str, run: RunDetails) -> Permits:
    """What the person may do with the run."""
    return Permits.read(user_id, run.project_id)


def is_active(run: RunDetails) -> bool:
    """Whether it waits or works."""
    return run.state in ACTIVE


def folds_of(run: RunDetails) -> int:
    """Folds that the run was asked for; 0 without cross-validation."""
    return int(run.spec.get("training", {}).get("cross_validation_folds") or 0)


def waits_for_folds(run: RunDetails) -> bool:
    """Whether the model that is kept, whose curves and checks a run shows, is not trained yet because its folds are."""
    progress = run.progress or {}
    return bool(folds_of(run)) and is_active(run) and progress.get("part", 1) <= folds_of(run)


def answer_form(run: RunDetails) -> AnswerForm:
    """In which form a run answers; see :data:`AnswerForm`."""
    return task_type(run.task_type).answer_form


def writes(run: RunDetails) -> bool:
    """Whether its model writes text, whatever the run is scored by."""
    return generates(run.task_type)


def tabs_without(run: RunDetails) -> tuple[str, ...]:
    """Names of the tabs that the run does not have."""
    return WITHOUT.get(answer_form(run), ())


def results_of(run: RunDetails) -> dict[str, Any]:
    """The results; empty while there are none."""
    return run.results or {}


def not_yet(run: RunDetails, what: str) -> Node:
    """What stands where results will be, or could have been."""
    if is_active(run):
        text = (
            _("All rows are answered when the folds and the model on all rows are trained. This page fills itself.")
            if folds_of(run)
            else _("The test rows are answered once, after training. This page fills itself.")
        )
        return empty_state(_("{what} will appear here at the end.", what=what), text)
    text = _("It ended before the test rows were answered. Resume it to get there.")
    return empty_state(_("There is nothing to show for this run."), text)


def judged(user_id: str, run: RunDetails) -> Comparison:
    """The run beside its base model with verdicts; computed anew when its state changed or a check brought numbers."""
    checks = tuple(sorted(metrics.newest(user_id, run.id, CHECKS).items()))
    progress = (run.state, run.attempt, run.started_at, run.finished_at, bool(run.results), checks)
    return _judged(user_id, run.id, progress, current_language())


@lru_cache(maxsize=CHECKED_RUNS)
def _judged(user_id: str, run_id: str, progress: tuple[Any, ...], language: str) -> Comparison:
    return comparison.compare(user_id, [run_id])
