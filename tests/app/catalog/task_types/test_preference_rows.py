"""A pair as one text comes back as it was."""

import pytest

from app.catalog.task_types.preference_rows import ShownPair, join_pair, split_pair


@pytest.mark.parametrize(
    "pair", [ShownPair("Hi?\n\nReally?", "Yes.\n\nTwo parts.", "No."), ShownPair("Hi?", "Yes.", "No.", "Ho?")]
)
def test_joined_pair_is_split_again(pair: ShownPair) -> None:
    assert split_pair(join_pair(pair.request, pair.chosen, pair.rejected, pair.other_request)) == pair


def test_the_same_request_is_written_once() -> None:
    assert split_pair(join_pair("Hi?", "Yes.", "No.", "Hi?")).other_request == ""
    assert split_pair("only words") == ShownPair("only words", "", "")
