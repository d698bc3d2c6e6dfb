"""Near-duplicate detection: MinHash signatures in LSH bands propose candidates, which are compared exactly.

Two texts are near-duplicates when the Jaccard similarity of their shingles (words and pairs of neighbouring words) is at
least 0.8 (Broder 1997, "On the resemblance and containment of documents").
"""

import os
import re
import tempfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

MIN_SIMILARITY = 0.8
# A signature only estimates the similarity; pairs estimated above this are compared exactly.
MIN_ESTIMATE = 0.65
BANDS, BAND_ROWS = 12, 4
NEIGHBOURS = 8
MIN_WORDS, MAX_WORDS = 4, 200
# A text takes 200 bytes in memory and about as many on disk.
MAX_TEXTS = 300_000
PORTION_TEXTS = 5000
MAX_CODES = 500_000

# Scripts without spaces between words are taken character by character.
_WORDS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return _WORDS.findall(text.casefold())


@dataclass
class NearDuplicates:
    """Collects texts; :meth:`pairs` returns the near-duplicates.

    ``skipped`` counts the texts beyond the limit, which are not compared.
    """

    _codes: "_WordCodes" = field(default_factory=lambda: _WordCodes())
    _words: "array[int]" = field(default_factory=lambda: array("I"))
    _lengths: list[int] = field(default_factory=list)
    _ids: "array[int]" = field(default_factory=lambda: array("q"))
    _shingles: "_SpilledArrays" = field(default_factory=lambda: _SpilledArrays())
    _signatures: list[np.ndarray] = field(default_factory=list)
    skipped: int = 0

    def add(self, row_id: int, words: list[str]) -> bool:
        """Take the words of a text; returns whether it is compared: not with fewer than four words, nor beyond the limit.

        Exact copies must not be added.
        """
        if len(words) < MIN_WORDS:
            return False
        if len(self._ids) >= MAX_TEXTS:
            self.skipped += 1
            return False
        self._words.extend(map(self._codes.__getitem__, words[:MAX_WORDS]))
        self._lengths.append(min(len(words), MAX_WORDS))
        self._ids.append(row_id)
        if len(self._lengths) >= PORTION_TEXTS:
            self._sign()
        return True

    def pairs(self) -> list[tuple[int, int]]:
        """(later id, earlier id) for every text with an earlier near-duplicate, in the order of ids."""
        self._sign()
        if len(self._ids) < 2:
            return []
        signatures = np.concatenate(self._signatures)
        self._signatures.clear()
        found: dict[int, int] = {}
        groups = Groups(len(self._ids))
        for earlier, later in _candidates(signatures):
            if groups.root(earlier) == groups.root(later):
                continue
            if _similarity(self._shingles[earlier], self._shingles[later]) >= MIN_SIMILARITY:
                groups.join(earlier, later)
                found[later] = min(earlier, found.get(later, earlier))
        self._shingles.close()
        # A text that was only the earlier of its pairs may still belong to a group that began before it.
        for position in range(len(self._ids)):
            if position not in found and groups.root(position) != position:
                found[position] = groups.root(position)
        return [(self._ids[later], self._ids[found[later]]) for later in sorted(found)]

    def _sign(self) -> None:
        """Compute shingles and signatures of the texts collected so far, many at once."""
        if not self._lengths:
            return
        words = np.frombuffer(self._words, dtype=np.uint32) * np.uint32(0x9E3779B1)
        lengths = np.array(self._lengths)
        ends = np.cumsum(lengths)
        starts = ends - lengths
        pairs = (words[:-1] * np.uint32(0x85EBCA6B)) ^ (words[1:] + np.uint32(0xC2B2AE35))
        # A pair that begins with the last word of a text would reach into the next text; the word itself replaces it.
        both = np.empty(2 * len(words), dtype=np.uint32)
        both[0::2] = words
        both[1:-1:2] = pairs
        both[2 * ends - 1] = words[ends - 1]
        self._signatures.append(_minima(_mix_bits(both), 2 * starts))
        self._shingles.extend([np.unique(shingles) for shingles in np.split(both, 2 * ends[:-1])])
        self._words, self._lengths = array("I"), []


class _SpilledArrays:
    """A list of uint32 arrays in a temporary file; only their offsets are in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._starts = array("q", [0])

    def extend(self, arrays: Sequence[np.ndarray]) -> None:
        """Append arrays."""
        if arrays:
            self._file.seek(0, os.SEEK_END)
            self._file.write(np.concatenate(arrays).tobytes())
            for values in arrays:
                self._starts.append(self._starts[-1] + values.nbytes)

    def __getitem__(self, index: int) -> np.ndarray:
        start, end = self._starts[index], self._starts[index + 1]
        self._file.flush()
        return np.frombuffer(os.pread(self._file.fileno(), end - start, start), dtype=np.uint32)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


class _WordCodes(dict[str, int]):
    """Cache of word -> CRC-32, emptied when it has grown large."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MAX_CODES:
            self.clear()
        code = self[word] = zlib.crc32(word.encode("utf-8", "replace"))
        return code


class Groups:
    """Disjoint sets of integers (union-find); the root of a set is its smallest member."""

    def __init__(self, count: int, parents: np.ndarray | None = None) -> None:
        """``parents`` is the initial parent of each number: itself or a smaller member of its group."""
        self._parent = array("q", (np.arange(count) if parents is None else parents.astype(np.int64)).tobytes())

    def root(self, member: int) -> int:
        """The smallest member of the group."""
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def roots(self) -> np.ndarray:
        """The root of every number, int64."""
        roots: np.ndarray = np.array(self._parent, dtype=np.int64)
        while not np.array_equal(parents := roots[roots], roots):
            roots = parents
        return roots

    def join(self, one: int, other: int) -> None:
        """Merge two groups."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first


def _mix_bits(values: np.ndarray) -> np.ndarray:
    """Hash uint32 values with the finaliser of MurmurHash3, so that minima are uniform samples."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    mixed: np.ndarray = values ^ (values >> np.uint32(16))
    return mixed


def _minima(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Signatures (texts, BANDS * BAND_ROWS) of uint32: the smallest value of each text under each permutation."""
    rng = np.random.default_rng(7)
    count = BANDS * BAND_ROWS
    factors = rng.integers(0, 2**31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    masks = rng.integers(0, 2**32, count, dtype=np.uint32)
    signature = np.empty((count, len(starts)), dtype=np.uint32)
    for number in range(count):
        signature[number] = np.minimum.reduceat((values ^ masks[number]) * factors[number], starts)
    return np.ascontiguousarray(signature.T)


def _candidates(signatures: np.ndarray) -> Iterator[tuple[int, int]]:
    """(earlier position, later position) of texts that agree in a band and whose estimated similarity is high enough.

    Each text is compared with its neighbours and the first text of its bucket, so that a bucket costs time linear in its size.
    """
    for band in range(BANDS):
        part = signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS].astype(np.uint64)
        keys = np.zeros(len(part), dtype=np.uint64)
        for column in range(BAND_ROWS):
            keys = (keys ^ part[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        start = np.maximum.accumulate(np.where(np.concatenate(([True], ~same)), np.arange(len(order)), 0))
        later = np.nonzero(same)[0] + 1
        found = [np.stack([order[start[later]], order[later]], axis=1)]
        for distance in range(1, NEIGHBOURS + 1):
            inside = later[later - distance > start[later]]
            found.append(np.stack([order[inside - distance], order[inside]], axis=1))
        pairs = np.unique(np.concatenate(found), axis=0)
        for portion in np.array_split(pairs, 1 + len(pairs) // 100_000):
            estimate = (signatures[portion[:, 0]] == signatures[portion[:, 1]]).mean(axis=1)
            yield from map(tuple, portion[estimate >= MIN_ESTIMATE].tolist())


def _similarity(one: np.ndarray, other: np.ndarray) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
