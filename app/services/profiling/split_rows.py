"""The usable rows of a table without their texts, as arrays of about forty bytes per row, for making splits."""

from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np

# Rows of numbers are spread over the splits by so many quantiles, of at least so many rows each.
QUANTILES, QUANTILE_ROWS = 20, 5


class SplitRows:
    """Collects rows one by one: id, line, key of the text, labels or numbers, and the value that a plan splits by."""

    def __init__(self) -> None:
        self._ids, self._lines, self._keys = array("q"), array("q"), array("Q")
        self._evaluation = bytearray()
        self._labels, self._values = array("i"), array("i")
        self._names: dict[str, int] = {}
        self._cells: dict[str, int] = {}
        self._multiple: dict[int, tuple[str, ...]] = {}
        self._numbers = array("d")
        self._label_counts: Counter[str] = Counter()
        self._rows_with: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._ids)

    def add(
        self,
        row_id: int,
        line: int,
        key: bytes,
        labels: tuple[str, ...],
        evaluation: bool = False,
        value: str = "",
        numbers: tuple[float, ...] = (),
    ) -> None:
        """Take a row; ``labels`` are all that it has, with repetitions, ``numbers`` as many as every other row has."""
        distinct = set(labels)
        if len(distinct) > 1:
            self._multiple[len(self._ids)] = tuple(distinct)
        self._ids.append(row_id)
        self._lines.append(line)
        self._keys.append(int.from_bytes(key[:8], "little"))
        self._evaluation.append(evaluation)
        self._labels.append(self._names.setdefault(labels[0] if labels else "", len(self._names)))
        self._values.append(self._cells.setdefault(value, len(self._cells)))
        self._numbers.extend(numbers)
        for label in labels:
            self._label_counts[label] += 1
        for label in distinct:
            self._rows_with[label] += 1

    @property
    def ids(self) -> np.ndarray:
        """int64, ascending."""
        return np.frombuffer(self._ids, dtype=np.int64)

    @property
    def lines(self) -> np.ndarray:
        """int64, line in the file."""
        return np.frombuffer(self._lines, dtype=np.int64)

    @property
    def keys(self) -> np.ndarray:
        """uint64, equal for rows with the same text."""
        return np.frombuffer(self._keys, dtype=np.uint64)

    @property
    def evaluation(self) -> np.ndarray:
        """bool, whether the row is from the evaluation file."""
        return np.frombuffer(bytes(self._evaluation), dtype=bool)

    @property
    def value_codes(self) -> np.ndarray:
        """int32, indices into :attr:`values`."""
        return np.frombuffer(self._values, dtype=np.int32)

    @property
    def values(self) -> Sequence[str]:
        """The distinct values of the column that rows are split by."""
        return list(self._cells)

    def labels(self) -> list[str]:
        """For each row that by which splits are stratified: the rarest label that it has, empty if it has none; or the quantile
        of its number, of several numbers that of their mean in standard deviations."""
        if self._numbers:
            return self._quantiles()
        for position, row_labels in self._multiple.items():
            rarest = min(row_labels, key=lambda name: (self._rows_with[name], name))
            self._labels[position] = self._names.setdefault(rarest, len(self._names))
        names = list(self._names)
        return [names[code] for code in self._labels]

    @property
    def numbers(self) -> np.ndarray:
        """float64, (rows, numbers)."""
        return np.frombuffer(self._numbers, dtype=np.float64).reshape(len(self), -1)

    def _quantiles(self) -> list[str]:
        numbers = self.numbers
        deviations = numbers.std(0)
        means = ((numbers - numbers.mean(0)) / np.where(deviations > 0, deviations, 1.0)).mean(1)
        parts = max(1, min(QUANTILES, len(self) // QUANTILE_ROWS))
        borders = np.quantile(means, np.arange(1, parts) / parts)
        return [f"{part:03}" for part in np.searchsorted(borders, means, side="right").tolist()]

    def counts(self) -> dict[str, int]:
        """Label -> how often it occurs, sorted by label."""
        return dict(sorted(self._label_counts.items()))
