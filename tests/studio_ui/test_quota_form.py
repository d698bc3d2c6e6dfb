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


@pytest.mark.parametrize("gigabytes", ["1e300", "-1"])
def test_gigabytes_that_no_disk_has_are_refused_with_the_bounds(gigabytes: str) -> None:
    # 2**60 bytes are the most that the column takes, 1,152,921,504 whole gigabytes.
    with pytest.raises(Rejected, match="A quota of gigabytes=") as refused:
        read_bounds({"gigabytes": gigabytes})
    assert "0 to 1,152,921,504" in refused.value.hint
