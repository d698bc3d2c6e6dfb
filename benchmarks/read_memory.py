"""How much memory reading a large file takes: the parsing process and this one, beyond what both hold when idle.

    python -m benchmarks.read_memory            # 2 GB and one line of 200 MB
    python -m benchmarks.read_memory --scale 0.05

Prints one line per file: size, seconds, rows or the refusal, and the highest sum over all processes of what each held
(resident set, sampled every 20 ms) beyond this process's own before the first file. The limit is 300 MB.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import psutil

from app.errors import StudioError
from app.readers.isolation import read_into
from app.readers.source import Limits

MB = 1_000_000
LIMIT_MB = 300
SENTENCE = "The invoice of last month shows the delivery twice, and nobody at the desk could tell me why it was sent. "


def main() -> None:
    """Write each file, read it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the full sizes")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory(prefix="read-memory-") as folder:
        print(f"{'file':<28}{'MB':>8}{'seconds':>9}{'peak MB':>9}  outcome")
        for name, size, make in files():
            path = Path(folder) / "data"
            make(path, int(size * scale))
            print(measured(name, path, Path(folder)), flush=True)
            path.unlink()


def files() -> Iterator[tuple[str, int, Callable[[Path, int], None]]]:
    """Name, full size in bytes, writer."""
    yield "rows.csv", 2000 * MB, lambda path, size: write(path, csv_rows(size))
    yield "one-list.json", 500 * MB, lambda path, size: write(path, json_rows(size))
    yield "one-group.parquet", 500 * MB, parquet_rows
    for name, start, unit in (
        ("one-line.csv", b"text,label\n", b"word "),
        ("one-line.jsonl", b'{"text": "', b"word "),
        ("one-line.txt", b"", b"word "),
        ("nested.json", b'[{"a": [', b"[],"),
        ("commas.csv", b"text,label\n", b"ab,"),
        ("ragged.csv", b"text,label\n", b"a\n"),
    ):
        yield name, 200 * MB, partial(endless, start=start, unit=unit)


def csv_rows(size: int) -> Iterator[bytes]:
    """About 1,200 characters in each row, so that two gigabytes stay below the limit on rows."""
    yield b"text,label\n"
    written = row = 0
    while written < size:
        rows = "".join(f'"{row + n}: {SENTENCE * 11}",label {(row + n) % 7}\n' for n in range(800)).encode()
        row += 800
        written += len(rows)
        yield rows


def json_rows(size: int) -> Iterator[bytes]:
    """A list of objects without a single line break."""
    row = json.dumps({"text": SENTENCE * 11, "label": "a"}).encode()
    yield b"[" + row
    for _ in range(size // (len(row) + 1) // 800):
        yield (b"," + row) * 800
    yield b"]"


def parquet_rows(path: Path, size: int) -> None:
    """Texts that do not repeat, all in one row group of one column chunk each."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema({"text": pyarrow.string(), "label": pyarrow.string()})
    with parquet.ParquetWriter(path, schema, compression="none") as out:
        texts = [f"{number}: {SENTENCE * 11}" for number in range(max(10, size // 1250))]
        columns = {"text": texts, "label": [f"label {number % 7}" for number in range(len(texts))]}
        out.write_table(pyarrow.table(columns, schema=schema), row_group_size=len(texts))


def endless(path: Path, size: int, start: bytes, unit: bytes) -> None:
    """A start and then the same few bytes again and again, without an end."""
    piece = unit * (MB // len(unit))
    write(path, chain([start], repeat(piece, max(1, size // len(piece)))))


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece."""
    with path.open("wb") as out:
        for piece in pieces:
            out.write(piece)


def measured(name: str, path: Path, folder: Path) -> str:
    """One line of the table."""
    with PeakMemory() as peak:
        start = time.perf_counter()
        try:
            (part,) = read_into(folder / "rows.parquet", [(path, name)], limits=Limits(rows=3_000_000))
            outcome = f"{part['rows']:,} rows"
        except StudioError as error:
            outcome = f"{error.code}: {error.message}"
        seconds = time.perf_counter() - start
    verdict = "" if peak.extra_mb <= LIMIT_MB else "  OVER THE LIMIT"
    size = path.stat().st_size / MB
    return f"{name:<28}{size:>8.0f}{seconds:>9.1f}{peak.extra_mb:>9.0f}  {outcome}{verdict}"


class PeakMemory:
    """Samples the resident memory of this process and its children while a block runs."""

    def __init__(self) -> None:
        self._process = psutil.Process(os.getpid())
        self._idle = self._process.memory_info().rss
        self._peak = self._idle
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def extra_mb(self) -> float:
        """Megabytes beyond the idle process at the highest moment."""
        return (self._peak - self._idle) / MB

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            total = self._process.memory_info().rss
            for child in self._process.children(recursive=True):
                try:
                    # Between its birth and its own program, a child shows the memory of its parent.
                    if "app.readers.child" not in child.cmdline():
                        continue
                    total += child.memory_info().rss
                except psutil.Error:
                    continue
            self._peak = max(self._peak, total)


if __name__ == "__main__":
    main()
