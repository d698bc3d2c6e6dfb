"""What the fields of a quota mean, and which contents are refused."""

import pytest

from app.errors import Rejected
from app.services.accounts.quotas import QuotaBounds
from studio_ui.quota_form import bounds_words, read_bounds


def test_an_empty_field_sets_nothing_and_gigabytes_are_bytes() -> None:
    assert read_bounds({"runs": "", "hours": " 1.5 ", "gigabytes": "0.25"}) == QuotaBounds(None, 1.5, 250_000_000)
    assert bounds_words(QuotaBounds()) == "none"


@pytest.mark.parametrize("values", [{"runs": "1.5"}, {"hours": "nan"}, {"gigabytes": "much"}])
def test_what_is_no_number_of_the_unit_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="is no number"):
        read_bounds(values)
