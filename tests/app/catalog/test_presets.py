"""Presets are valid training settings, and the catalog route tells the page all of them."""

import pytest

from app.catalog.presets import PRESETS
from app.catalog.training import TrainingSettings

DEFAULTS = TrainingSettings().model_dump()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_preset_holds_valid_settings_that_differ_from_the_defaults(preset):
    settings = TrainingSettings.model_validate(preset.training).model_dump()
    assert {name for name in settings if settings[name] != DEFAULTS[name]} == set(preset.training)


def test_presets_have_names_of_their_own_and_one_is_recommended():
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    [recommended] = [preset for preset in PRESETS if preset.reason]
    assert recommended.training == {}


def test_thorough_preset_doubles_the_epochs_as_its_summary_says():
    thorough = next(preset for preset in PRESETS if preset.name == "thorough")
    assert thorough.training["epochs"] == 2 * DEFAULTS["epochs"]
    assert thorough.training["evaluations_per_epoch"] == 2
