"""Exports of versions and reports: CSV, JSON Lines and Parquet, streamed while they are written."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app import storage
from app.errors import Rejected
from app.languages import gettext as _
from app.services.datasets import findings
from app.services.datasets.csv_lines import BYTE_ORDER_MARK, CsvLines
from app.services.datasets.row_tables import ROWS_FILE, load_reading, read_rows
from app.services.datasets.versions import find_version, load_exclusions

PORTION_ROWS = 1000
CHUNK_BYTES = 256 * 1024
Export = tuple[str, str, Iterator[bytes]]


def export_version(
    user_id: str, dataset_id: str, kind: str, number: int | None = None, *, everything: bool = False, raw: bool = False
) -> Export:
    """(file name, media type, bytes) of a version.

    Args:
        kind: ``csv``, ``jsonl`` or ``parquet``.
        everything: also the excluded rows.
        raw: in CSV, leave formulas as they are.

    Raises:
        Rejected: an unknown kind.
    """
    if kind not in _WRITERS:
        raise Rejected(
            "unknown_format",
            _("There is no format {kind}.", kind=repr(kind[:20])),
            _("Choose one of: {WRITERS}.", WRITERS=", ".join(_WRITERS)),
        )
    version = find_version(user_id, dataset_id, number)
    folder = storage.dataset_dir(version.id)
    media, write = _WRITERS[kind]
    skipped = frozenset() if everything else load_exclusions(folder).ids
    columns = load_reading(folder).columns
    return f"dataset-version-{version.number}.{kind}", media, write(folder, columns, skipped, raw)


def export_report(user_id: str, dataset_id: str, number: int | None = None) -> Export:
    """(file name, media type, bytes) of all problems with every row that they touch, as CSV."""
    version = find_version(user_id, dataset_id, number)
    folder = storage.dataset_dir(version.id)
    return f"report-version-{version.number}.csv", "text/csv; charset=utf-8", _report(folder, version.columns)


def _report(folder: Path, roles: dict[str, str]) -> Iterator[bytes]:
    columns = list(dict.fromkeys(roles.values()))
    by_row: dict[int, list[findings.Finding]] = {}
    found = findings.load_findings(folder)
    for finding in found:
        for row_id in finding.row_ids:
            by_row.setdefault(row_id, []).append(finding)
    sheet = CsvLines()
    yield BYTE_ORDER_MARK + sheet.line(["line", "file", "severity", "code", "message", "hint", *columns])
    for finding in found:
        if not finding.count:
            yield sheet.line(
                ["", "", finding.severity, finding.code, finding.message, finding.hint, *[""] * len(columns)]
            )
        for line in finding.lost_lines:
            file_name = _file(finding.evaluation)
            yield sheet.line(
                [
                    str(line),
                    file_name,
                    finding.severity,
                    finding.code,
                    finding.message,
                    finding.hint,
                    *[""] * len(columns),
                ]
            )
    evaluation = load_reading(folder).is_evaluation
    for row in read_rows(folder, columns) if by_row else ():
        for finding in by_row.get(row["_id"], ()):
            position = [str(row["_line"]), _file(evaluation(row["_id"]))]
            yield sheet.line(
                [*position, finding.severity, finding.code, finding.message, finding.hint, *(row[n] for n in columns)]
            )


def _file(evaluation: bool) -> str:
    return "evaluation" if evaluation else "main"


def _as_csv(folder: Path, columns: list[str], skipped: frozenset[int], raw: bool) -> Iterator[bytes]:
    sheet = CsvLines(raw)
    yield BYTE_ORDER_MARK + sheet.line(columns)
    portion: list[bytes] = []
    for row in _kept(folder, columns, skipped):
        portion.append(sheet.line([row[name] for name in columns]))
        if len(portion) >= PORTION_ROWS:
            yield b"".join(portion)
            portion = []
    yield b"".join(portion)


def _as_jsonl(folder: Path, columns: list[str], skipped: frozenset[int], raw: bool) -> Iterator[bytes]:
    portion: list[str] = []
    for row in _kept(folder, columns, skipped):
        portion.append(json.dumps({name: row[name] for name in columns}, ensure_ascii=False) + "\n")
        if len(portion) >= PORTION_ROWS:
            yield "".join(portion).encode()
            portion = []
    yield "".join(portion).encode()


def _as_parquet(folder: Path, columns: list[str], skipped: frozenset[int], raw: bool) -> Iterator[bytes]:
    """Written to a temporary file first, because the index of a Parquet file is at its end."""
    import pyarrow
    from pyarrow import compute, parquet

    ids = pyarrow.array(sorted(skipped), pyarrow.int64())
    schema = pyarrow.schema([(name, pyarrow.string()) for name in columns])
    with tempfile.TemporaryFile() as spooled:
        with parquet.ParquetFile(folder / ROWS_FILE) as rows:
            with parquet.ParquetWriter(spooled, schema, compression="zstd") as writer:
                for batch in rows.iter_batches(batch_size=PORTION_ROWS * 10):
                    keep = compute.invert(compute.is_in(batch.column("_id"), value_set=ids))
                    writer.write_batch(batch.filter(keep).select(columns))
        spooled.seek(0)
        while chunk := spooled.read(CHUNK_BYTES):
            yield chunk


def _kept(folder: Path, columns: list[str], skipped: frozenset[int]) -> Iterator[dict[str, Any]]:
    return (row for row in read_rows(folder, columns) if row["_id"] not in skipped)


_WRITERS: dict[str, tuple[str, Callable[..., Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _as_csv),
    "jsonl": ("application/x-ndjson", _as_jsonl),
    "parquet": ("application/vnd.apache.parquet", _as_parquet),
}
