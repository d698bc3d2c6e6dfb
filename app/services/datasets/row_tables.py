"""The stored table of a dataset version: ``rows.parquet``, written from the person's files and read in portions.

``reading.json`` beside it records formats, columns and problems of the files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import files, storage
from app.languages import restored, storable
from app.readers import Choices, Flaw, Limits
from app.readers.isolation import read_into
from app.settings import get_settings

ROWS_FILE, READING_FILE = "rows.parquet", "reading.json"
PORTION_ROWS = 5000
# Parquet stores repeated texts once, so a small file can decode to any size; this much text per byte of the limit is read.
MAX_TEXT_PER_BYTE = 2

Source = tuple[Path, str]


@dataclass
class FilePart:
    """One of the person's files.

    Attributes:
        first_id: id of its first row.
        rows: rows that are stored now.
        span: ids that its rows were given; they are never given to other rows.
        found: what the reader detected and a person may change; see ``app.readers.table.Table``.
    """

    file_name: str
    format: str
    encoding: str
    bytes: int
    columns: list[str]
    first_id: int
    rows: int
    flaws: list[Flaw] = field(default_factory=list)
    span: int = -1
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.span < 0:
            self.span = self.rows

    @property
    def lost_rows(self) -> int:
        """Rows of the file that could not be read and are not stored."""
        return len({line for flaw in self.flaws if flaw.lost for line in flaw.rows})


@dataclass
class Reading:
    """The main file, the evaluation file if there is one, and rows added by hand.

    Attributes:
        added: rows added by hand that are stored now.
        added_span: ids given to rows added by hand, after those of the files.
    """

    main: FilePart
    evaluation: FilePart | None = None
    added: int = 0
    added_span: int = 0

    @property
    def parts(self) -> list[FilePart]:
        """The files in the order of their ids."""
        return [self.main, *([self.evaluation] if self.evaluation else [])]

    @property
    def columns(self) -> list[str]:
        """All columns, the main file's first."""
        return list(dict.fromkeys(name for part in self.parts for name in part.columns))

    @property
    def total(self) -> int:
        """Rows of all files, unreadable ones included."""
        return sum(part.rows + part.lost_rows for part in self.parts) + self.added

    @property
    def stored(self) -> int:
        """Rows in the table."""
        return sum(part.rows for part in self.parts) + self.added

    @property
    def next_id(self) -> int:
        """The id of the next row that is added."""
        return sum(part.span for part in self.parts) + self.added_span

    def is_evaluation(self, row_id: int) -> bool:
        """Whether a row came from the evaluation file."""
        if self.evaluation is None:
            return False
        return 0 <= row_id - self.evaluation.first_id < self.evaluation.span


def store_rows(folder: Path, main: Source, evaluation: Source | None = None, choices: Choices | None = None) -> Reading:
    """Read the whole files into ``folder``, in a sandboxed process with limits.

    Args:
        choices: how to read the main file.

    Raises:
        Rejected: a file cannot be used; see ``app.readers``.
        TooLarge: more rows or more text than the settings allow.
    """
    sources = [source for source in (main, evaluation) if source]
    descriptions = read_into(folder / ROWS_FILE, sources, [choices or Choices(), Choices()], _limits())
    if len(descriptions) > len(sources):
        # An archive may hold rows for the test.
        sources.append((main[0], f"{main[1]}: test"))
    parts = [_part(source, description) for source, description in zip(sources, descriptions, strict=True)]
    reading = Reading(*_two(parts))
    store_reading(folder, reading)
    return reading


def store_reading(folder: Path, reading: Reading) -> None:
    """Write ``reading.json``."""
    files.write_json(folder / READING_FILE, _as_json(reading))


def load_reading(folder: Path) -> Reading:
    """Read ``reading.json``."""
    stored = restored(storage.read_json(folder / READING_FILE))
    parts = [FilePart(**{**part, "flaws": [Flaw(**flaw) for flaw in part["flaws"]]}) for part in stored["parts"]]
    return Reading(*_two(parts), added=stored.get("added", 0), added_span=stored.get("added_span", 0))


def read_rows(folder: Path, columns: Sequence[str], limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Rows as mappings with ``_id``, ``_line`` and the columns, in the order of their ids."""
    from pyarrow import parquet

    names = ["_id", "_line", *dict.fromkeys(columns)]
    remaining = limit if limit is not None else -1
    with parquet.ParquetFile(folder / ROWS_FILE) as source:
        for batch in _batches(source, min(PORTION_ROWS, limit or PORTION_ROWS), names):
            values = [batch.column(name).to_pylist() for name in names]
            for row in zip(*values, strict=True):
                if remaining == 0:
                    return
                yield dict(zip(names, row, strict=True))
                remaining -= 1


def _batches(source: Any, rows: int, names: Sequence[str]) -> Iterator[Any]:
    """Batches within the row groups of the file: those with long texts are small."""
    for number in range(source.num_row_groups):
        yield from source.iter_batches(batch_size=rows, row_groups=[number], columns=list(names))


def read_lines(folder: Path) -> tuple[Any, Any]:
    """Ids and lines of all stored rows as two int64 arrays, in the order of the ids."""
    from pyarrow import parquet

    table = parquet.read_table(folder / ROWS_FILE, columns=["_id", "_line"])
    return table.column("_id").to_numpy(), table.column("_line").to_numpy()


def sample_rows(folder: Path, columns: Sequence[str], total: int, wanted: int) -> list[dict[str, Any]]:
    """About ``wanted`` rows, evenly spaced: files are often sorted by label."""
    import pyarrow
    from pyarrow import parquet

    step = max(1, total // wanted)
    sample: list[dict[str, Any]] = []
    seen = 0
    with parquet.ParquetFile(folder / ROWS_FILE) as source:
        for batch in source.iter_batches(batch_size=PORTION_ROWS, columns=list(columns)):
            # Typed, since none of a short batch may be wanted.
            indices = pyarrow.array(range(-seen % step, batch.num_rows, step), pyarrow.int64())
            sample.extend(batch.take(indices).to_pylist())
            seen += batch.num_rows
    return sample[: 2 * wanted]


def _limits() -> Limits:
    max_bytes = get_settings().max_upload_bytes
    return Limits(rows=get_settings().max_rows, unpacked_bytes=max_bytes, text=MAX_TEXT_PER_BYTE * max_bytes)


def _part(source: Source, description: dict[str, Any]) -> FilePart:
    path, file_name = source
    flaws = [Flaw(**flaw) for flaw in description.pop("flaws")]
    return FilePart(file_name=file_name[-300:], bytes=path.stat().st_size, flaws=flaws, **description)


def _as_json(reading: Reading) -> dict[str, Any]:
    parts = [{**vars(part), "flaws": [flaw.as_dict() for flaw in part.flaws]} for part in reading.parts]
    return {"parts": storable(parts), "added": reading.added, "added_span": reading.added_span}


def _two(parts: Sequence[FilePart]) -> tuple[FilePart, FilePart | None]:
    return parts[0], parts[1] if len(parts) > 1 else None
