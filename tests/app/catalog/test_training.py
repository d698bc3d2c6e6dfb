"""Training settings: bounds, older ways of writing them, and what they ask of a method."""

import pytest
from pydantic import ValidationError

from app.catalog.methods.capabilities import ABILITIES
from app.catalog.training import NEEDS, TrainingSettings, with_defaults


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"max_length": 7},
        {"warmup_ratio": 0.6},
        {"seed": -1},
        {"devices": 65},
        {"rows": 1},
    ],
)
def test_setting_outside_of_its_bounds_or_unknown_is_refused(settings: dict) -> None:
    with pytest.raises(ValidationError, match=next(iter(settings))):
        TrainingSettings.model_validate(settings)


@pytest.mark.parametrize("rate", [0, 1.5, "fast", [1]])
def test_learning_rate_has_one_complaint_for_all_kinds_of_values(rate: object) -> None:
    with pytest.raises(ValidationError) as caught:
        TrainingSettings.model_validate({"learning_rate": rate})
    (error,) = caught.value.errors()
    assert error["msg"] == "Write a number above 0 and up to 1, or `auto`"


@pytest.mark.parametrize("rate", [None, "auto", 1e-4, 1])
def test_learning_rate_is_a_number_or_left_to_method_or_search(rate: object) -> None:
    assert TrainingSettings.model_validate({"learning_rate": rate}).learning_rate == rate


def test_older_and_shorter_ways_of_writing_are_read() -> None:
    settings = TrainingSettings.model_validate({"needs": "merge, switch_off,", "measure_forgetting": True})
    assert (settings.needs, settings.measure_forgetting) == (["merge", "switch_off"], "yes")
    assert TrainingSettings.model_validate({"measure_forgetting": False}).measure_forgetting == "no"
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"needs": "fly"})


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, []),
        ({"base_precision": "4-bit"}, [("base_precision", "nf4")]),
        ({"base_precision": "8-bit"}, [("base_precision", "int8")]),
        ({"base_precision": "full"}, []),
        ({"gradient_checkpointing": True}, [("gradient_checkpointing", "gradient_checkpointing")]),
        ({"needs": ["merge", "reopen"]}, [("needs", "merge"), ("needs", "reopen")]),
    ],
)
def test_what_is_asked_of_a_method_follows_from_the_settings(settings: dict, asked: list) -> None:
    assert TrainingSettings.model_validate(settings).asked() == asked


def test_everything_that_can_be_asked_is_an_ability() -> None:
    settings = TrainingSettings(needs=list(NEEDS), base_precision="4-bit", gradient_checkpointing=True)
    assert {ability for _, ability in settings.asked()} <= set(ABILITIES)


def test_given_settings_go_before_those_of_the_task_and_of_the_data() -> None:
    assert with_defaults({"epochs": 1}, {"epochs": 5, "batch_size": 16}, 256) == {
        "epochs": 1,
        "batch_size": 16,
        "max_length": 256,
    }
    assert with_defaults({}, {"max_length": 512}, 64)["max_length"] == 64
    # What somebody asks for is not changed in silence; the check of the spec refuses it.
    assert with_defaults({"max_length": 900}, {}, 64)["max_length"] == 900
