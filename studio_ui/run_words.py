"""Words and marks for runs that several pages show: states, and titles of methods, models and goals."""

from collections.abc import Mapping
from typing import Any

from app.catalog.base_models import base_models
from app.catalog.methods import DERIVED, METHODS
from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.scores import Score
from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.nodes import Node, el

ACTIVE = frozenset({"queued", "claimed", "running"})
STATES = {
    "queued": ("◷", gettext_noop("Queued")),
    "claimed": ("◌", gettext_noop("Starting")),
    "running": ("●", gettext_noop("Running")),
    "succeeded": ("✓", gettext_noop("Finished")),
    "failed": ("✕", gettext_noop("Failed")),
    "cancelled": ("■", gettext_noop("Stopped")),
    "diverged": ("≁", gettext_noop("Broke down")),
}
_METHOD_TITLES = {method.model_fields["kind"].default: method.title for method in (*METHODS, *DERIVED)}
_TASK_TITLES = {task.kind: task.title for task in TASK_TYPES}


def state_chip(state: str) -> Node:
    """A chip with a mark and a word, so that colour is never the only signal."""
    mark, words = STATES.get(state, ("?", state))
    return el(
        "span",
        el("span", mark, cls="chip-mark", aria_hidden="true"),
        _(words),
        cls=f"chip state-{state}",
        data_state=state,
    )


def method_title(kind: str) -> str:
    """The title of a method; its kind if the catalog no longer has it."""
    return _(_METHOD_TITLES.get(kind, kind))


def method_words(card: Mapping[str, Any]) -> dict[str, Any]:
    """A method's card with its title and sentences in the language of the answer."""
    return {**card, **{name: _(card[name]) for name in ("title", "summary", "when", "against") if name in card}}


def phase_words(phase: str, progress: Mapping[str, Any]) -> str:
    """What a run does at the moment; of a cross-validation, for which fold."""
    part, parts = progress.get("part"), progress.get("parts")
    if not part or not parts:
        return _(phase)
    if part < parts:
        return _("Fold {part} of {folds}: {phase}", part=part, folds=parts - 1, phase=_(phase))
    return _("Model on all rows: {phase}", phase=_(phase))


def done_share(progress: Mapping[str, Any]) -> float | None:
    """Which share (0..1) of the updates is done, those of all folds counted; None where that is not known."""
    if "share" in progress:
        return min(1.0, float(progress["share"]))
    total = progress.get("total_steps")
    return min(1.0, (progress.get("step") or 0) / total) if total else None


def task_title(kind: str) -> str:
    """The title of a task type; its kind if the catalog does not have it."""
    return _(_TASK_TITLES.get(kind, kind))


def model_title(name: str) -> str:
    """The title of a base model; its name if it was removed."""
    return next((card.title for card in base_models() if card.name == name), name)


def generates(task_type: str) -> bool:
    """Whether runs of this task tune a model that writes text, which is tried in a chat."""
    return any(task.kind == task_type and task.family == "generation" for task in TASK_TYPES)


def writes_targets(task_type: str) -> bool:
    """Whether runs of this task tune a model that writes a text for each text."""
    return any(task.kind == task_type and task.answer_form == "target" for task in TASK_TYPES)


def on_validation_rows(score: Score) -> str:
    """The name of a score's curve: "Accuracy on the validation rows"."""
    if score.rows == "sentences":
        return _("{score} on the validation sentences", score=_(score.title))
    return _("{score} on the validation rows", score=_(score.title))
