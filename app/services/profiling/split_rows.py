"""The usable rows of a table without their texts, as columns of numbers: some forty bytes for each row.

Knows no file and no plan.
"""

from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np


class SplitRows:
    """Collects rows one by one; each has an id, a line, a key of its text, its labels and the value it is dealt out by."""

    def __init__(self) -> None:
        self._ids, self._lines, self._keys = array("q"), array("q"), array("Q")
        self._evaluation = bytearray()
        self._labels, self._values = array("i"), array("i")
        self._names: dict[str, int] = {}
        self._cells: dict[str, int] = {}
        self._several: dict[int, tuple[str, ...]] = {}
        self._given: Counter[str] = Counter()
        self._rows_with: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._ids)

    def add(
        self, row_id: int, line: int, key: bytes, labels: tuple[str, ...], evaluation: bool = False, value: str = ""
    ) -> None:
        """Take a row; ``labels`` are all it has, each as often as it is given."""
        different = set(labels)
        if len(different) > 1:
            self._several[len(self._ids)] = tuple(different)
        self._ids.append(row_id)
        self._lines.append(line)
        self._keys.append(int.from_bytes(key[:8], "little"))
        self._evaluation.append(evaluation)
        self._labels.append(self._names.setdefault(labels[0] if labels else "", len(self._names)))
        self._values.append(self._cells.setdefault(value, len(self._cells)))
        for label in labels:
            self._given[label] += 1
        for label in different:
            self._rows_with[label] += 1

    @property
    def ids(self) -> np.ndarray:
        """int64, ascending."""
        return np.frombuffer(self._ids, dtype=np.int64)

    @property
    def lines(self) -> np.ndarray:
        """int64, the lines in the file."""
        return np.frombuffer(self._lines, dtype=np.int64)

    @property
    def keys(self) -> np.ndarray:
        """uint64, the same for rows with one text."""
        return np.frombuffer(self._keys, dtype=np.uint64)

    @property
    def evaluation(self) -> np.ndarray:
        """bool, whether the row came from the person's own test file."""
        return np.frombuffer(bytes(self._evaluation), dtype=bool)

    @property
    def value_codes(self) -> np.ndarray:
        """int32, numbers of :attr:`values`."""
        return np.frombuffer(self._values, dtype=np.int32)

    @property
    def values(self) -> Sequence[str]:
        """The different cells that rows are dealt out by."""
        return list(self._cells)

    def labels(self) -> list[str]:
        """For each row the label that splits are balanced over: the rarest of those that it has, empty if it has none."""
        for place, names in self._several.items():
            rarest = min(names, key=lambda name: (self._rows_with[name], name))
            self._labels[place] = self._names.setdefault(rarest, len(self._names))
        known = list(self._names)
        return [known[code] for code in self._labels]

    def counts(self) -> dict[str, int]:
        """Label -> how often it is given, sorted by label."""
        return dict(sorted(self._given.items()))
