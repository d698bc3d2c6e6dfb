"""Models and settings of the chat: what is proposed, notes about them, and reading the fields."""

from app.errors import Rejected
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.inference import chat
from app.services.inference.chat import ListedChatTarget, SamplingSettings
from studio_ui.components.nodes import Node, banner, el
from studio_ui.formats import count

HIGHEST_SEED = 2**32 - 1
KEPT = gettext_noop("A run keeps its newest checkpoints and the best one. Choose among the models below.")


def read_sampling(temperature: float, top_p: float, max_tokens: float, seed: float | None) -> SamplingSettings:
    """The fields as the services take them.

    Raises:
        Rejected: a seed out of its range; the other fields have bounds of their own.
    """
    if seed is not None and not 0 <= seed <= HIGHEST_SEED:
        raise Rejected(
            "seed",
            _("Seed: allowed are 0 to {HIGHEST_SEED}.", HIGHEST_SEED=count(HIGHEST_SEED)),
            _("Leave it empty for chance."),
        )
    return SamplingSettings(int(max_tokens), temperature, top_p, None if seed is None else int(seed))


def target_of(targets: list[ListedChatTarget], name: str) -> ListedChatTarget:
    """The model of this name, or a stand-in for one that is gone."""
    gone = ListedChatTarget(name, "run", _("a model that is gone"), "")
    return next((target for target in targets if target.id == name), gone)


def proposed_models(targets: list[ListedChatTarget]) -> list[str]:
    """The newest tuned model beside its base; only the base if nothing has been tuned yet."""
    tuned = next((target for target in targets if target.kind == "run"), None)
    if tuned is None:
        return [targets[0].id]
    base = next((target.id for target in targets if target.id == f"{chat.BASE_PREFIX}{tuned.base}"), targets[0].id)
    return [base, tuned.id]


def lost_model_notes(names: list[str]) -> list[Node]:
    """Says for models of an old link why they have no pane."""
    gone = _("A model that was asked for cannot answer: it is gone, was not finished, or is somebody else's.")
    words = []
    for name in names:
        step = name.partition(chat.STEP_SEPARATOR)[2]
        kept = (
            _("Step {step} of a run is not kept, or not any more.", step=count(int(step))) if step.isdecimal() else gone
        )
        words.append(kept)
    return [banner("error", message, _(KEPT)) for message in dict.fromkeys(words)]


def system_note(targets: list[ListedChatTarget], models: list[str], system: str) -> Node:
    """A model answers as in training if it gets the same system prompt."""
    trained = list(dict.fromkeys(filter(None, (target_of(targets, name).system for name in models))))
    if trained and system not in trained:
        words = _("⚠ This differs from the system prompt in training: “{trained_0}”", trained_0=trained[0])
    elif trained:
        words = _("As in training.")
    else:
        words = _("Given to every model before the conversation; may stay empty.")
    return el("p", words, cls="muted small")
