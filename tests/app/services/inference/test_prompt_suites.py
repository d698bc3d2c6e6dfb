"""Saved prompts: replaced by name, limited, and of one user."""

from collections.abc import Callable

import pytest

from app.errors import NotFound, Rejected
from app.services.accounts import accounts
from app.services.inference import prompt_suites


def test_saved_prompts_are_replaced_by_name_and_belong_to_one_user(owner: str) -> None:
    first = prompt_suites.save(owner, "Basics", ["One?", " ", "Two? "])
    assert first.prompts == ["One?", "Two?"]
    again = prompt_suites.save(owner, "Basics", ["Three?"])
    assert again.id == first.id and prompt_suites.list_suites(owner) == [again]
    with pytest.raises(NotFound):
        prompt_suites.remove(accounts.add_user("stranger").id, first.id)
    prompt_suites.remove(owner, first.id)
    assert prompt_suites.list_suites(owner) == []


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda owner: prompt_suites.save(owner, "Mine", [" "]), "prompts"),
        (lambda owner: prompt_suites.save(owner, " ", ["One?"]), "name_length"),
        (lambda owner: prompt_suites.save(owner, "Mine", ["x" * 5000]), "prompt_too_long"),
    ],
)
def test_invalid_prompts_are_refused(owner: str, act: Callable[[str], object], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        act(owner)
    assert refused.value.code == code
