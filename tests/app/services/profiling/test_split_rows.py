"""Rows collected for splitting: arrays in the order of adding, the label to stratify by, counts."""

from app.services.profiling.split_rows import SplitRows


def test_arrays_hold_the_rows_in_the_order_of_adding():
    rows = SplitRows()
    rows.add(4, 6, b"same text", ("a",), value="Ann")
    rows.add(7, 2, b"same text", ("b",), evaluation=True, value="Bob")
    rows.add(9, 3, b"other one", ("a",), value="Ann")
    assert len(rows) == 3 and rows.ids.tolist() == [4, 7, 9] and rows.lines.tolist() == [6, 2, 3]
    assert rows.evaluation.tolist() == [False, True, False]
    assert rows.keys[0] == rows.keys[1] != rows.keys[2]
    assert [rows.values[code] for code in rows.value_codes] == ["Ann", "Bob", "Ann"]


def test_row_with_several_labels_is_stratified_by_its_rarest():
    rows = SplitRows()
    rows.add(0, 2, b"0" * 8, ("PER", "PER", "DATE"))
    rows.add(1, 3, b"1" * 8, ("PER",))
    rows.add(2, 4, b"2" * 8, ())
    assert rows.labels() == ["DATE", "PER", ""]
    assert rows.counts() == {"DATE": 1, "PER": 3}


def test_no_rows_have_no_labels():
    rows = SplitRows()
    assert len(rows) == 0 and rows.ids.tolist() == [] and rows.labels() == [] and rows.counts() == {}


def test_rows_of_numbers_are_stratified_by_their_quantile():
    rows = SplitRows()
    for number in range(100):
        # The second number, a thousand times as large, is the same for all: the first one alone decides.
        rows.add(number, number + 2, bytes([number]) * 8, (), numbers=(float(number), 5000.0))
    quantiles = rows.labels()
    assert quantiles == sorted(quantiles) and {quantiles.count(part) for part in set(quantiles)} == {5}
    assert rows.numbers.shape == (100, 2) and rows.counts() == {}
