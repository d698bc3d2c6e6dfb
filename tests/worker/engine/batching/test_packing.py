"""Packing: every example once, none longer than its row, none beside another without a border."""

from dataclasses import dataclass

from worker.engine.batching.packing import IGNORED, MIN_LENGTH, make_batch, pack
from worker.engine.modeling.partly_frozen import row_key


@dataclass(frozen=True)
class Tokens:
    ids: list[int]
    loss_mask: list[bool]


EXAMPLES = [Tokens([5, 6, 7], [False, True, True]), Tokens([8, 9], [True, True])]


def test_rows_are_filled_without_waste_or_loss() -> None:
    rows = pack([5, 3, 8, 2, 7], 10)
    assert sorted(number for row in rows for number in row) == [0, 1, 2, 3, 4]
    assert all(sum([5, 3, 8, 2, 7][number] for number in row) <= 10 for row in rows)
    assert len(rows) == 3


def test_positions_restart_and_targets_end_with_each_example() -> None:
    batch = make_batch(EXAMPLES, 0)
    assert batch.ids.shape == (1, 8) and batch.mask is None
    assert batch.ids[0, :5].tolist() == [5, 6, 7, 8, 9]
    assert batch.positions[0].tolist() == [0, 1, 2, 0, 1, 0, 1, 2]
    assert batch.targets[0].tolist() == [6, 7, IGNORED, 9, IGNORED, IGNORED, IGNORED, IGNORED]
    assert batch.owners[0].tolist() == [0, 0, 0, 1, 1, -1, -1, -1]


def test_unpacked_examples_have_a_row_each_and_a_mask() -> None:
    batch = make_batch(EXAMPLES, 0, packed=False)
    assert batch.mask is not None and batch.mask.sum(1).tolist() == [3, 2]
    assert batch.ids[1, :2].tolist() == [8, 9]


def test_spans_name_the_examples_where_they_are() -> None:
    spans = list(make_batch(EXAMPLES, 0).spans())
    assert [(span.key, span.row, span.start) for span in spans] == [(row_key([5, 6, 7]), 0, 0), (row_key([8, 9]), 0, 3)]


def test_short_examples_share_rows_of_a_minimum_length() -> None:
    batch = make_batch([Tokens([1] * 100, [True] * 100)] * 5, 0)
    assert batch.ids.shape == (3, 200) and batch.ids.shape[1] <= MIN_LENGTH
