"""Prompts that a person keeps under a name, to put them to several models. Talks to no model."""

import uuid
from typing import Any

from sqlalchemy import select

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.models_chat import PromptSuite
from app.services.accounts import names

MOST_PROMPTS = 100
LONGEST_PROMPT = 4_000


def list_suites(user_id: str) -> list[dict[str, Any]]:
    """One's own, by name: ``[{"id", "name", "prompts"}]``."""
    wanted = select(PromptSuite).where(PromptSuite.owner_id == user_id).order_by(PromptSuite.name)
    with snapshot() as session:
        return [_as_dict(each) for each in session.scalars(wanted)]


def save(user_id: str, name: str, prompts: list[str]) -> dict[str, Any]:
    """Keep prompts under a name; what had this name before is replaced."""
    cleaned, kept = names.checked(name), [each.strip() for each in prompts if each.strip()]
    if not 1 <= len(kept) <= MOST_PROMPTS:
        raise Rejected("prompts", f"{len(kept)} prompts were given.", f"Give 1 to {MOST_PROMPTS}, one on each line.")
    too_long = next((number for number, each in enumerate(kept, 1) if len(each) > LONGEST_PROMPT), None)
    if too_long:
        raise Rejected(
            "prompt_too_long", f"Prompt {too_long} is too long.", f"Shorten it to {LONGEST_PROMPT:,} characters."
        )
    same = select(PromptSuite).where(PromptSuite.owner_id == user_id, PromptSuite.name == cleaned)
    with transaction() as session:
        found = session.scalars(same).first() or PromptSuite(id=str(uuid.uuid4()), owner_id=user_id, name=cleaned)
        found.prompts = kept
        session.add(found)
        session.flush()
        return _as_dict(found)


def remove(user_id: str, suite_id: str) -> None:
    """Delete it."""
    with transaction() as session:
        found = session.get(PromptSuite, suite_id)
        if found is None or found.owner_id != user_id:
            raise NotFound(
                "suite_not_found", f"There are no saved prompts {suite_id!r} among yours.", "Reload the page."
            )
        session.delete(found)


def _as_dict(found: PromptSuite) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "prompts": found.prompts}
