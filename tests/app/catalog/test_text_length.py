"""The default maximum length: what the data needs, bounded by the base model and by time."""

import pytest

from app.catalog.text_length import BUDGET_SECONDS, choose_length, declared_length

SMALL = 22_700_000


@pytest.mark.parametrize(
    ("counts", "tokens", "bound"),
    [
        ({20: 1000}, 64, ""),
        ({64: 1000}, 64, ""),
        # Two of a hundred may be cut, and no third.
        ({20: 98, 300: 2}, 64, ""),
        ({20: 97, 100: 1, 300: 2}, 128, ""),
        ({200: 90, 300: 10}, 512, ""),
        ({700: 100}, 512, "model"),
        ({9000: 100}, 512, "model"),
    ],
)
def test_the_shortest_length_that_cuts_hardly_any_row(counts: dict[int, int], tokens: int, bound: str) -> None:
    chosen = choose_length(counts, 512, SMALL, epochs=3)
    assert (chosen.tokens, chosen.bound) == (tokens, bound)


def test_many_long_texts_are_bounded_by_time_but_not_below_the_general_default() -> None:
    def length(rows: int) -> tuple[int, str]:
        chosen = choose_length({400: rows}, 512, SMALL, epochs=3)
        return chosen.tokens, chosen.bound

    assert [length(rows) for rows in (2_000, 3_000, 1_000_000)] == [(512, ""), (256, "time"), (128, "time")]
    # A sample of the rows stands for all of them.
    assert choose_length({400: 2_000}, 512, SMALL, epochs=3, rows=1_000_000).tokens == 128
    assert BUDGET_SECONDS == 3600


def test_the_reason_has_the_numbers() -> None:
    assert (
        choose_length({20: 970, 100: 10, 412: 20}, 512, SMALL, epochs=3).reason
        == "128 tokens cover 98.0 % of your texts; the longest has 412."
    )
    assert (
        choose_length({20: 10}, 512, SMALL, epochs=3).reason
        == "64 tokens cover 100 % of your texts; the longest has 20."
    )
    assert choose_length({700: 9}, 512, SMALL, epochs=3).reason.endswith("The base model reads no more.")
    assert choose_length({400: 10**6}, 512, SMALL, epochs=3).as_dict()["reason"].endswith("on so many rows.")


def test_a_task_that_cuts_no_texts_keeps_its_own_length() -> None:
    kept = declared_length({"max_length": 512}, 256)
    assert (kept.tokens, kept.reason, kept.bound) == (256, "", "task") and declared_length({}, 512).tokens == 128
