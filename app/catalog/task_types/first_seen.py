"""Remembers which keys have been seen and where each was first, in sixteen bytes for each key.

Keys come in portions; sorted runs of them are merged as they grow, so that a portion is looked up in a few searches. Knows
no row and no text.
"""

from collections.abc import Sequence

import numpy as np


class FirstSeen:
    """Gives every key a place, in the order of arrival, and says for each where an equal one stood first.

    Keys are compared by their first eight bytes; that two different ones agree there happens once in ten million tables of
    a million rows.
    """

    def __init__(self) -> None:
        self.count = 0
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def places(self, keys: Sequence[bytes]) -> list[int]:
        """For each key the place of its first occurrence; its own place if it is new."""
        if not keys:
            return []
        hashes = np.frombuffer(b"".join(key[:8] for key in keys), dtype=np.uint64)
        own = np.arange(self.count, self.count + len(keys), dtype=np.int64)
        self.count += len(keys)
        unique, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        found = own[first]
        known = np.zeros(len(unique), dtype=bool)
        for run, places in self._runs:
            at = np.minimum(np.searchsorted(run, unique), len(run) - 1)
            same = run[at] == unique
            found[same] = places[at[same]]
            known |= same
        self._add(unique[~known], found[~known])
        first_positions: list[int] = found[inverse].tolist()
        return first_positions

    def _add(self, hashes: np.ndarray, places: np.ndarray) -> None:
        """A new sorted run; runs of similar length become one."""
        while self._runs and len(self._runs[-1][0]) < 2 * len(hashes):
            other, others = self._runs.pop()
            merged = np.concatenate([other, hashes])
            order = np.argsort(merged, kind="stable")
            hashes, places = merged[order], np.concatenate([others, places])[order]
        if len(hashes):
            self._runs.append((hashes, places))
