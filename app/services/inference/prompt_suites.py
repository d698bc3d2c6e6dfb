"""Saved prompt suites: prompts under a name, to be sent to several models."""

from dataclasses import asdict, dataclass
from typing import Any

from app.errors import Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models_saved import PromptSuite
from app.services.accounts import names
from app.services.accounts.saved_items import SavedItems

MAX_PROMPTS = 100
PROMPT_LENGTH = 4_000

_SUITES = SavedItems(PromptSuite, "suite", "Saved prompts {id!r} not found.")


@dataclass(frozen=True)
class SavedPrompts:
    """A named list of prompts."""

    id: str
    name: str
    prompts: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The prompts as JSON."""
        return asdict(self)


def list_suites(user_id: str) -> list[SavedPrompts]:
    """The person's own, by name."""
    return [_saved(suite) for suite in _SUITES.list_of(user_id)]


def save(user_id: str, name: str, prompts: list[str]) -> SavedPrompts:
    """Save prompts under a name; a suite of this name is replaced.

    Raises:
        Rejected: a name that is empty or too long, no prompt, too many prompts, or one that is too long.
    """
    cleaned, kept = names.validate_name(name), [prompt.strip() for prompt in prompts if prompt.strip()]
    if not 1 <= len(kept) <= MAX_PROMPTS:
        raise Rejected(
            "prompts",
            _("{kept} prompts were given.", kept=len(kept)),
            _("Give 1 to {MAX_PROMPTS}, one on each line.", MAX_PROMPTS=MAX_PROMPTS),
        )
    too_long = next((number for number, prompt in enumerate(kept, 1) if len(prompt) > PROMPT_LENGTH), None)
    if too_long:
        raise Rejected(
            "prompt_too_long",
            _("Prompt {too_long} is too long.", too_long=too_long),
            _("Shorten it to {PROMPT_LENGTH} characters.", PROMPT_LENGTH=decimal(PROMPT_LENGTH)),
        )
    return _saved(_SUITES.save(user_id, cleaned, prompts=kept))


def remove(user_id: str, suite_id: str) -> None:
    """Delete a suite.

    Raises:
        NotFound: it is not theirs.
    """
    _SUITES.remove(user_id, suite_id)


def _saved(suite: PromptSuite) -> SavedPrompts:
    return SavedPrompts(suite.id, suite.name, suite.prompts)
