"""Which tokens of an example lie beyond the maximum length."""

from app.catalog.masked_example import MaskedExample


def example(source_tokens: int) -> MaskedExample:
    return MaskedExample("abcdef", [1, 2, 3, 4, 5, 6], [False] * 4 + [True] * 2, [(0, 1)] * 6, source_tokens)


def test_source_and_target_are_cut_at_lengths_of_their_own() -> None:
    # Of four source tokens the last is beyond three; the target begins to count anew.
    assert [example(4).is_cut(at, 3) for at in range(6)] == [False, False, False, True, False, False]
    assert example(4).longest == 4


def test_one_row_is_cut_as_a_whole() -> None:
    assert [example(0).is_cut(at, 3) for at in range(6)] == [False] * 3 + [True] * 3
    assert example(0).longest == 6
