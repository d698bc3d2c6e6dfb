"""What the methods can do, and that an ability is not only claimed."""

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import ABILITIES, MODEL_KINDS, Capabilities, can
from tests.methods.choice import make

LACKING = [
    (method.model_fields["kind"].default, ability)
    for method in METHODS
    for ability in ABILITIES
    if not can(method, ability)
]


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


def test_every_ability_is_a_flag_or_follows_from_what_the_method_is() -> None:
    flags = set(Capabilities.__dataclass_fields__) - {"models"}
    assert flags == set(ABILITIES) - {"layers", "shrink"}


@pytest.mark.parametrize(
    ("kind", "ability", "able"),
    [
        ("lora", "layers", True),
        ("prompt-tuning", "layers", False),
        ("full", "shrink", True),
        ("lora", "shrink", False),
        ("lora", "merge", True),
        ("prompt-tuning", "merge", False),
    ],
)
def test_method_and_its_settings_have_the_same_abilities(kind: str, ability: str, able: bool) -> None:
    assert can(method_class(kind), ability) is can(make(kind), ability) is able


def test_methods_name_known_kinds_of_models() -> None:
    assert all(method.capabilities.models and set(method.capabilities.models) <= set(MODEL_KINDS) for method in METHODS)
