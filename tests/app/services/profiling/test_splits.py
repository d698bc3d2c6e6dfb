"""Splits as a function: nothing lost, nothing twice, same seed same splits, groups together, labels in proportion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Rejected
from app.services.profiling.splits import STRATIFIED, WITH_OWN_TEST, assign_splits, choose_shares

ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 40)), min_size=10, max_size=120)


@given(rows=ROWS, seed=st.integers(0, 2**32), shares=st.sampled_from((STRATIFIED, WITH_OWN_TEST)))
def test_every_row_is_in_exactly_one_split_and_groups_stay_together(rows, seed, shares):
    ids = [3 * n + 1 for n in range(len(rows))]
    labels = [label for label, _ in rows]
    groups = [group for _, group in rows]
    try:
        splits = assign_splits(ids, labels, groups, seed, shares)
    except Rejected as error:
        assert error.code == "too_few_rows"
        # Only when hardly any text can leave the training rows without taking a label's last.
        assert len(set(groups)) - len(set(labels)) <= 2
        return
    assert list(splits) == list(shares)
    assert sorted(n for part in splits.values() for n in part) == ids
    assert all(part and part == sorted(part) for part in splits.values())
    split_of = {n: name for name, part in splits.items() for n in part}
    assert all(len({split_of[n] for n, other in zip(ids, groups, strict=True) if other == g}) == 1 for g in groups)
    assert {labels[ids.index(n)] for n in splits["train"]} == set(labels)
    assert assign_splits(ids, labels, groups, seed, shares) == splits


@given(rows=ROWS, seed=st.integers(0, 1000))
def test_splits_do_not_depend_on_the_order_of_rows(rows, seed):
    table = [(n, label, n) for n, (label, _) in enumerate(rows)]

    def run(given_rows):
        ids, labels, groups = zip(*given_rows, strict=True)
        try:
            return assign_splits(ids, labels, groups, seed)
        except Rejected as error:
            return error.code

    assert run(table) == run(table[::-1])


def test_splits_are_stratified_by_label():
    labels = ["rare"] * 20 + ["often"] * 180
    splits = assign_splits(range(200), labels, range(200), 0)
    assert {name: len(part) for name, part in splits.items()} == {"train": 160, "validation": 20, "test": 20}
    for name in ("validation", "test"):
        assert sum(labels[n] == "rare" for n in splits[name]) == 2


def test_small_labels_are_rounded_by_largest_remainder():
    labels = [f"label {n % 6}" for n in range(30)]
    splits = assign_splits(range(30), labels, range(30), 1)
    assert [len(part) for part in splits.values()] == [24, 3, 3]


def test_another_seed_gives_other_splits():
    given_rows = (range(100), ["a", "b"] * 50, range(100))
    assert assign_splits(*given_rows, 0) != assign_splits(*given_rows, 1)


def test_single_row_of_a_label_is_in_the_training_split():
    labels = ["once"] + ["a"] * 10 + ["b"] * 10
    for seed in range(20):
        assert 0 in assign_splits(range(21), labels, range(21), seed)["train"]


def test_too_few_different_texts_are_refused():
    with pytest.raises(Rejected) as caught:
        assign_splits(range(12), ["a", "b"] * 6, [0, 1] * 6, 0)
    assert caught.value.code == "too_few_rows"


@pytest.mark.parametrize(
    ("rows", "own_test", "expected"),
    [
        (420, False, {"train": 336, "validation": 42, "test": 42}),
        (10_003, True, {"train": 9_503, "validation": 500}),
        (10_003, False, {"train": 8_503, "validation": 500, "test": 1_000}),
        (100_000, False, {"train": 94_500, "validation": 500, "test": 5_000}),
    ],
)
def test_held_out_splits_of_large_data_have_an_upper_limit(rows, own_test, expected):
    splits = assign_splits(
        range(rows), [str(n % 7) for n in range(rows)], range(rows), 0, choose_shares(rows, own_test)
    )
    assert {name: len(part) for name, part in splits.items()} == expected
