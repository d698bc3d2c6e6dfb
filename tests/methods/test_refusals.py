"""What a method cannot do is refused before anything runs, with the method that can."""

import pytest
from pydantic import ValidationError

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import ABILITIES, MODEL_KINDS, can
from app.catalog.methods.requirements import refusals, require, require_model_kind
from app.catalog.spec import RunSpec, check_fit
from app.catalog.task_types import TASK_TYPES
from app.errors import Rejected
from tests.methods.choice import KINDS, make

LACKING = [
    (method.model_fields["kind"].default, ability)
    for method in METHODS
    for ability in ABILITIES
    if not can(method, ability)
]
UNFIT = [(k, model) for k in KINDS for model in MODEL_KINDS if model not in method_class(k).capabilities.models]


def test_the_known_gaps_are_in_the_table():
    """Each of these was measured to fail, most of them without an error."""
    assert {
        ("pissa", "nf4"),
        ("pissa", "switch_off"),
        ("dora", "mixed_batches"),
        ("ia3", "mixed_batches"),
        ("prefix-tuning", "gradient_checkpointing"),
        ("prompt-tuning", "merge"),
        ("p-tuning", "reopen"),
        ("adalora", "nf4"),
        ("c3a", "int8"),
        ("loha", "nf4"),
        ("delora", "int8"),
        ("full", "nf4"),
        ("dora", "combine"),
        ("lora", "shrink"),
        ("prompt-tuning", "layers"),
        ("trainable-tokens", "combine"),
    } <= set(LACKING)


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


def test_methods_serve_the_tasks_of_their_models():
    for task in TASK_TYPES:
        serving = {candidate.model_fields["kind"].default for candidate in METHODS if task.kind in candidate.task_types}
        assert {"lora", "full"} <= serving
        assert ("head-only" in serving) == (task.family in ("classification", "tokens"))


@pytest.mark.parametrize("layers", ["last 7", "4-9"])
def test_layers_that_the_model_does_not_have_are_refused(layers: str) -> None:
    with pytest.raises(Rejected, match="has 6"):
        make("lora", layers=layers).check(STARTER_ENCODER)


@pytest.mark.parametrize("layers", ["some", "last", "6-2", "0-3"])
def test_layers_that_nobody_can_read_are_refused(layers: str) -> None:
    with pytest.raises(ValidationError, match="range such as"):
        make("lora", layers=layers)


def test_a_soft_prompt_takes_room_from_the_text():
    def spec(kind: str, length: int) -> RunSpec:
        method = {"kind": kind, "tokens": 20}
        return RunSpec.model_validate(
            {
                "task_type": "text-classification",
                "base_model": "starter-encoder",
                "columns": {},
                "method": method,
                "training": {"max_length": length},
            }
        )

    check_fit(spec("prompt-tuning", 492), STARTER_ENCODER)
    with pytest.raises(Rejected, match="20 virtual") as caught:
        check_fit(spec("prompt-tuning", 493), STARTER_ENCODER)
    assert "492" in caught.value.hint
    # Notes beside the layers take no position of the text.
    check_fit(spec("prefix-tuning", 512), STARTER_ENCODER)


def test_ranks_that_cannot_be_are_refused():
    with pytest.raises(Rejected, match="start"):
        make("adalora", start_rank=4, rank=8).check(STARTER_ENCODER)
    with pytest.raises(Rejected, match="rank of GraLoRA"):
        make("gralora", rank=3).check(STARTER_ENCODER)


def test_short_runs_get_longer_steps():
    lora = make("lora")
    assert lora.learning_rate(STARTER_ENCODER, 10_000) == lora.recommended_learning_rate(STARTER_ENCODER)
    assert lora.learning_rate(STARTER_ENCODER, 50) == 2 * lora.recommended_learning_rate(STARTER_ENCODER)
