"""Finds texts that are nearly the same: MinHash signatures put into bands, candidates compared exactly.

Two texts are near copies when the words and pairs of neighbouring words that they share are at least 80 % of all that
either has (Jaccard similarity of shingles; Broder 1997, "On the resemblance and containment of documents"). Knows no
table and no problem.
"""

import os
import re
import tempfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

SIMILAR = 0.8
# A signature may be off by a little; what passes this is compared exactly.
WORTH_COMPARING = 0.65
BANDS, BAND_ROWS = 12, 4
NEIGHBOURS = 8
LEAST_WORDS, MOST_WORDS = 4, 200
# 200 bytes are held per text, and about as many on the disk.
MOST_TEXTS = 300_000
PORTION_TEXTS = 5000
MOST_CODES = 500_000

# Scripts without spaces between words are taken character by character.
_WORDS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return _WORDS.findall(text.casefold())


@dataclass
class NearDuplicates:
    """Collects texts; :meth:`pairs` then says which are nearly the same."""

    _codes: "_Codes" = field(default_factory=lambda: _Codes())
    _words: array = field(default_factory=lambda: array("I"))
    _lengths: list[int] = field(default_factory=list)
    _ids: array = field(default_factory=lambda: array("q"))
    _shingles: "_Spilled" = field(default_factory=lambda: _Spilled())
    _signatures: list[np.ndarray] = field(default_factory=list)
    left_out: int = 0

    def add(self, row_id: int, words: list[str]) -> bool:
        """Take a text's words and say whether it will be compared: texts of fewer than four words are not, nor are
        those beyond the limit, which ``left_out`` counts; exact copies are found elsewhere."""
        if len(words) < LEAST_WORDS:
            return False
        if len(self._ids) >= MOST_TEXTS:
            self.left_out += 1
            return False
        self._words.extend(map(self._codes.__getitem__, words[:MOST_WORDS]))
        self._lengths.append(min(len(words), MOST_WORDS))
        self._ids.append(row_id)
        if len(self._lengths) >= PORTION_TEXTS:
            self._sign()
        return True

    def pairs(self) -> list[tuple[int, int]]:
        """(later id, earlier id) for every text that is nearly the same as an earlier one; in the order of ids."""
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
            if _similarity(self._shingles[earlier], self._shingles[later]) >= SIMILAR:
                groups.join(earlier, later)
                found[later] = min(earlier, found.get(later, earlier))
        self._shingles.close()
        # A text that was only met as the earlier of its pair may still belong to a group that began before it.
        for place in range(len(self._ids)):
            if place not in found and groups.root(place) != place:
                found[place] = groups.root(place)
        return [(self._ids[later], self._ids[found[later]]) for later in sorted(found)]

    def _sign(self) -> None:
        """Turn the texts gathered so far into shingles and signatures, many at once."""
        if not self._lengths:
            return
        words = np.frombuffer(self._words, dtype=np.uint32) * np.uint32(0x9E3779B1)
        lengths = np.array(self._lengths)
        ends = np.cumsum(lengths)
        starts = ends - lengths
        pairs = (words[:-1] * np.uint32(0x85EBCA6B)) ^ (words[1:] + np.uint32(0xC2B2AE35))
        # The pair that begins with a text's last word reaches into the next text; the last word itself takes its place.
        both = np.empty(2 * len(words), dtype=np.uint32)
        both[0::2] = words
        both[1:-1:2] = pairs
        both[2 * ends - 1] = words[ends - 1]
        self._signatures.append(_minima(_mixed(both), 2 * starts))
        self._shingles.extend([np.unique(each) for each in np.split(both, 2 * ends[:-1])])
        self._words, self._lengths = array("I"), []


class _Spilled:
    """Arrays of uint32 in a temporary file, by the order of their arrival; only where each begins is held."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._starts = array("q", [0])

    def extend(self, arrays: Sequence[np.ndarray]) -> None:
        """Append arrays."""
        if arrays:
            self._file.seek(0, os.SEEK_END)
            self._file.write(np.concatenate(arrays).tobytes())
            for each in arrays:
                self._starts.append(self._starts[-1] + each.nbytes)

    def __getitem__(self, place: int) -> np.ndarray:
        start, end = self._starts[place], self._starts[place + 1]
        self._file.flush()
        return np.frombuffer(os.pread(self._file.fileno(), end - start, start), dtype=np.uint32)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()


class _Codes(dict[str, int]):
    """Word -> a number that is the same in every process; forgets when it has grown large."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_CODES:
            self.clear()
        code = self[word] = zlib.crc32(word.encode("utf-8", "replace"))
        return code


class Groups:
    """Disjoint groups of numbers; the root of a group is its smallest member."""

    def __init__(self, count: int, parents: np.ndarray | None = None) -> None:
        """``parents``: for each number a smaller or the same one of its group, to begin with."""
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
        found = np.array(self._parent, dtype=np.int64)
        while not np.array_equal(further := found[found], found):
            found = further
        return found

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread the bits, so that smallest values are drawn fairly (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def _minima(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Signatures (texts, BANDS * BAND_ROWS) of uint32: the smallest value of each text under each permutation."""
    dice = np.random.default_rng(7)
    count = BANDS * BAND_ROWS
    factors = dice.integers(0, 2**31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    masks = dice.integers(0, 2**32, count, dtype=np.uint32)
    signature = np.empty((count, len(starts)), dtype=np.uint32)
    for number in range(count):
        signature[number] = np.minimum.reduceat((values ^ masks[number]) * factors[number], starts)
    return np.ascontiguousarray(signature.T)


def _candidates(signatures: np.ndarray) -> Iterator[tuple[int, int]]:
    """(earlier place, later place) of texts that agree in a whole band and roughly in all; each is put beside the
    nearest and the first of its bucket, so that a bucket of any size costs no more than its length."""
    for band in range(BANDS):
        part = signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS].astype(np.uint64)
        keys = np.zeros(len(part), dtype=np.uint64)
        for column in range(BAND_ROWS):
            keys = (keys ^ part[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        run = np.maximum.accumulate(np.where(np.concatenate(([True], ~same)), np.arange(len(order)), 0))
        later = np.nonzero(same)[0] + 1
        found = [np.stack([order[run[later]], order[later]], axis=1)]
        for distance in range(1, NEIGHBOURS + 1):
            near = later[later - distance > run[later]]
            found.append(np.stack([order[near - distance], order[near]], axis=1))
        pairs = np.unique(np.concatenate(found), axis=0)
        for some in np.array_split(pairs, 1 + len(pairs) // 100_000):
            alike = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1) >= WORTH_COMPARING
            yield from map(tuple, some[alike].tolist())


def _similarity(one: np.ndarray, other: np.ndarray) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
