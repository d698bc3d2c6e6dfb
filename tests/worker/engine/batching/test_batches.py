"""The plan of an epoch: complete, bounded, and a function of lengths, seed and epoch alone."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as some

from worker.engine.batching.batches import LENGTH_MULTIPLE, collate, cut, plan_epoch, plan_reading

LENGTHS = some.lists(some.integers(1, 300), min_size=1, max_size=200)


@given(LENGTHS, some.integers(1, 40), some.integers(0, 5), some.integers(1, 4))
def test_every_row_is_seen_once_in_an_epoch(lengths: list[int], batch_size: int, epoch: int, portions: int) -> None:
    plan = plan_epoch(lengths, seed=1, epoch=epoch, batch_size=batch_size, accumulation=portions)
    assert sorted(chain.from_iterable(chain.from_iterable(plan))) == list(range(len(lengths)))
    assert len(plan) == -(-len(lengths) // batch_size)


@given(LENGTHS, some.integers(1, 40))
def test_no_portion_holds_more_padded_tokens_than_the_budget_unless_it_is_one_row(
    lengths: list[int], size: int
) -> None:
    for portion in chain.from_iterable(plan_epoch(lengths, seed=0, epoch=0, batch_size=size, budget=500)):
        assert len(portion) == 1 or max(lengths[row] for row in portion) * len(portion) <= 500


@given(LENGTHS)
def test_reading_touches_every_row_once(lengths: list[int]) -> None:
    assert sorted(chain.from_iterable(plan_reading(lengths))) == list(range(len(lengths)))


def test_the_plan_is_a_function_of_seed_and_epoch() -> None:
    lengths = [n % 17 + 1 for n in range(100)]
    again = [plan_epoch(lengths, seed=4, epoch=2, batch_size=8) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0] != plan_epoch(lengths, seed=4, epoch=3, batch_size=8)
    assert again[0] != plan_epoch(lengths, seed=5, epoch=2, batch_size=8)


def test_rows_of_similar_length_share_an_update() -> None:
    lengths = [5] * 64 + [100] * 64
    for update in plan_epoch(lengths, seed=0, epoch=0, batch_size=32):
        assert len({lengths[row] for row in chain.from_iterable(update)}) == 1


def test_portions_split_an_update_evenly() -> None:
    assert [len(piece) for piece in cut(list(range(10)), [1] * 10, 1000, 4)] == [3, 3, 3, 1]


def test_padding_is_marked_in_the_mask() -> None:
    ids, mask = collate([[5, 6, 7], [8]], [1, 0], pad_id=0)
    filled = [0] * (LENGTH_MULTIPLE - 3)
    assert ids.tolist() == [[8, 0, 0, *filled], [5, 6, 7, *filled]]
    assert mask.tolist() == [[1, 0, 0, *filled], [1, 1, 1, *filled]]
