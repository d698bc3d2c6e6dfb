"""What a method cannot do is refused before anything runs, with the methods that can."""

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import ABILITIES, MODEL_KINDS, can
from app.catalog.methods.requirements import refusals, require, require_model_kind
from app.errors import Rejected
from tests.methods.choice import KINDS

LACKING = [
    (method.model_fields["kind"].default, ability)
    for method in METHODS
    for ability in ABILITIES
    if not can(method, ability)
]
UNFIT = [(k, model) for k in KINDS for model in MODEL_KINDS if model not in method_class(k).capabilities.models]


@pytest.mark.parametrize(("kind", "ability"), LACKING)
def test_a_missing_ability_is_refused_with_an_alternative(kind: str, ability: str) -> None:
    with pytest.raises(Rejected) as caught:
        require(method_class(kind), ability)
    assert method_class(kind).title in caught.value.message
    assert ABILITIES[ability] in caught.value.message
    named = [method for method in METHODS if method.title in caught.value.hint]
    assert named
    assert all(
        can(entry, ability)
        for entry in named
        if entry.title in caught.value.hint.split(": ")[1].rstrip(".").split(", ")
    )
    assert refusals(method_class(kind))[ability] == f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(("kind", "model"), UNFIT)
def test_a_kind_of_model_that_it_does_not_train_is_refused(kind: str, model: str) -> None:
    with pytest.raises(Rejected, match=model.replace("-", " ")) as caught:
        require_model_kind(method_class(kind), model)
    assert "LoRA" in caught.value.hint


def test_what_a_method_can_do_is_not_refused():
    for ability in ABILITIES:
        able = [candidate for candidate in METHODS if can(candidate, ability)]
        assert able, ability
        for method in able:
            require(method, ability)


def test_alternatives_serve_the_task_and_the_setting_is_named() -> None:
    with pytest.raises(Rejected) as caught:
        require(method_class("prompt-tuning"), "merge", task_type="token-classification", field="training.needs")
    named = caught.value.hint.split(": ")[1].rstrip(".").split(", ")
    able = [method for method in METHODS if method.title in named]
    assert 0 < len(able) == len(named) <= 4
    assert all("token-classification" in method.task_types and can(method, "merge") for method in able)
    words = caught.value.details["fields"]["training.needs"]
    assert words == f"{caught.value.message} {caught.value.hint}"
