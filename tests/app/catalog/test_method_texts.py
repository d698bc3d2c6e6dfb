"""What the method cards say agrees with what the methods declare."""

import re

import pytest

from app.catalog.methods import DERIVED, METHODS


@pytest.mark.parametrize("method", METHODS + DERIVED, ids=lambda method: method.title)
def test_card_states_the_measured_factor_of_a_slower_method(method):
    stated = re.findall(r"[Tt]akes ([\d.]+) times as long as LoRA", method.against)
    assert stated == ([f"{method.relative_time:g}"] if method.relative_time != 1 else [])


@pytest.mark.parametrize("method", METHODS + DERIVED, ids=lambda method: method.title)
def test_speed_is_reported_in_no_other_words(method):
    for text in (method.summary, method.when, method.against):
        assert not re.search(r"as fast again|(quarter|third|half) (slower|faster)", text, re.IGNORECASE)
