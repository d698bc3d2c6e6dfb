"""The declaration of a method as the catalog tells it."""

import json

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import ABILITIES
from app.catalog.methods.cards import method_card


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.title)
def test_card_is_json_and_tells_every_ability_and_every_refusal(method) -> None:
    card = json.loads(json.dumps(method_card(method)))
    assert card["kind"] == card["schema"]["properties"]["kind"]["const"]
    assert set(card["capabilities"]) == {*ABILITIES, "models"}
    assert set(card["refusals"]) == {name for name in ABILITIES if not card["capabilities"][name]}
    assert set(card["schema"]["properties"]) == set(method.model_fields)


def test_own_settings_stand_before_shared_ones() -> None:
    names = list(method_card(method_class("bottleneck-adapter"))["schema"]["properties"])
    assert names == ["kind", "placement", "activation", "reduction", "layers"]


def test_tuner_that_travels_with_the_download_is_named() -> None:
    brings = {kind: method_card(method_class(kind))["brings"] for kind in ("compacter", "lora", "full")}
    assert brings == {"compacter": "bottleneck.py", "lora": "", "full": ""}
