"""Streams the rows of one split from the Hugging Face Hub into one Parquet file, with the streaming of ``datasets``.

Runs in the process of a fetch, which has no database and no secret but the hub's token. The files are those that
:mod:`app.services.datasets.hub_listing` found; ``datasets`` opens them one after the other and looks at no other.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import Rejected, StudioError, TooLarge
from app.languages.statements import stated
from app.services.datasets.hub_listing import HubListing, HubRequest, HubSplit, choose, hub_errors
from app.settings import get_settings

# Called with (rows written, rows in all); 0 in all: not known.
RowProgress = Callable[[int, int], None]
BATCH_ROWS = 1000
# So many footers are read to know how many rows there are; of more files the number is estimated by their sizes.
FOOTERS_READ = 8
READ_RETRIES = 3


@dataclass(frozen=True)
class RowLimits:
    """How much is taken.

    Attributes:
        wanted: the first so many rows, as the person asked; 0: all.
        rows: more are refused.
        bytes: larger files are refused, before and after.
    """

    wanted: int
    rows: int
    bytes: int


def fetch_split(listing: HubListing, split: HubSplit, target: Path, limits: RowLimits, progress: RowProgress) -> int:
    """Write the rows of a split as one Parquet file; returns how many there are.

    Raises:
        TooLarge: more rows or bytes than ``limits`` allow; nothing is left out unasked.
        Rejected: the files are damaged, hold no rows, or differ in their columns.
        StudioError: the hub.
    """
    from pyarrow import parquet

    addresses = [f"hf://datasets/{listing.repo}@{listing.commit}/{path}" for path in split.files]
    with hub_errors(listing.repo, listing.commit), _damage_named(listing.repo, split.name):
        total = _count_rows(addresses, list(split.files.values()))
        if not total:
            raise _no_rows(listing, split)
        if limits.wanted:
            total = min(total, limits.wanted)
        if total > limits.rows:
            raise _too_many(split, total, limits)
        most = limits.wanted or limits.rows + 1
        rows = _stream(addresses, split.name)
        written = 0
        with parquet.ParquetWriter(target, rows.features.arrow_schema, compression="zstd") as writer:
            for table in rows.with_format("arrow").iter(batch_size=BATCH_ROWS):
                piece = table.slice(0, most - written)
                writer.write_table(piece)
                written += piece.num_rows
                progress(written, total)
                if target.stat().st_size > limits.bytes:
                    raise too_large(split, limits)
                if written > limits.rows:
                    raise _too_many(split, written, limits)
                if written == most:
                    break
    return written


def check_size(split: HubSplit, limits: RowLimits) -> None:
    """Refuse a split that is larger than what is taken, unless only its first rows are asked for.

    Raises:
        TooLarge: ``hub_too_large``.
    """
    if split.bytes > limits.bytes and not limits.wanted:
        raise too_large(split, limits)


def chosen_splits(listing: HubListing, request: HubRequest) -> list[HubSplit]:
    """The split to learn from and, if one was asked for, that of the test.

    Raises:
        Rejected: there is no such split.
    """
    first = choose(listing, request.config, request.split)
    if not request.test_split:
        return [first]
    second = choose(listing, first.config, request.test_split)
    if second.name == first.name:
        raise Rejected(
            "hub_same_split",
            stated("The rows of {split} cannot be both learned and tested.", split=repr(first.name)),
            stated("Choose another split for the test, or none: then rows are kept aside."),
        )
    return [first, second]


def too_large(split: HubSplit, limits: RowLimits) -> TooLarge:
    """The refusal of a split with too many bytes."""
    return TooLarge(
        "hub_too_large",
        stated(
            "The split {split} has {size} MB; at most {limit} MB are taken.",
            split=repr(split.name),
            size=round(split.bytes / 1e6),
            limit=round(limits.bytes / 1e6),
        ),
        stated("Take only its first rows, or let an administrator raise STUDIO_MAX_UPLOAD_BYTES."),
        details={"bytes": split.bytes, "limit_bytes": limits.bytes},
    )


def _too_many(split: HubSplit, rows: int, limits: RowLimits) -> TooLarge:
    return TooLarge(
        "hub_too_large",
        stated(
            "The split {split} has {rows} rows or more; at most {limit} are taken.",
            split=repr(split.name),
            rows=rows,
            limit=limits.rows,
        ),
        stated("Take only its first rows, or let an administrator raise STUDIO_MAX_ROWS."),
        details={"rows": rows, "limit_rows": limits.rows},
    )


def _no_rows(listing: HubListing, split: HubSplit) -> Rejected:
    return Rejected(
        "no_rows",
        stated("The split {split} of {repo} holds no rows.", split=repr(split.name), repo=repr(listing.repo)),
        stated("Choose another split."),
    )


def _stream(addresses: Sequence[str], split: str) -> Any:
    """The rows as an ``IterableDataset``; patterns in names of files mean nothing here."""
    import datasets
    from datasets.data_files import DataFilesDict, DataFilesList
    from datasets.packaged_modules.parquet.parquet import Parquet

    datasets.config.STREAMING_READ_MAX_RETRIES = READ_RETRIES
    datasets.config.HF_ENDPOINT = get_settings().hub_url
    files = DataFilesDict({split: DataFilesList(list(addresses), [()] * len(addresses))})
    return Parquet(data_files=files, batch_size=BATCH_ROWS).as_streaming_dataset(split)


def _count_rows(addresses: Sequence[str], sizes: Sequence[int]) -> int:
    """How many rows the files hold, from their footers; an estimate where there are many files."""
    from huggingface_hub import HfFileSystem
    from pyarrow import parquet

    known = 0
    system = HfFileSystem(endpoint=get_settings().hub_url)
    for address in addresses[:FOOTERS_READ]:
        with system.open(address, "rb") as opened:
            known += parquet.read_metadata(opened).num_rows
    seen = sum(sizes[:FOOTERS_READ])
    return round(known * sum(sizes) / seen) if seen else known


@contextmanager
def _damage_named(repo: str, split: str) -> Iterator[None]:
    """Turn what Arrow and ``datasets`` raise about files into refusals."""
    import pyarrow
    from datasets.table import CastError

    try:
        yield
    except StudioError:
        raise
    except CastError:
        raise Rejected(
            "hub_columns_differ",
            stated(
                "The files of the split {split} of {repo} do not have the same columns.",
                split=repr(split),
                repo=repr(repo),
            ),
            stated("Choose another split or configuration, or another revision."),
        ) from None
    except (pyarrow.ArrowException, ValueError, LookupError) as error:
        if isinstance(error, MemoryError):
            raise
        raise Rejected(
            "hub_damaged",
            stated("A Parquet file of the split {split} of {repo} is damaged.", split=repr(split), repo=repr(repo)),
            stated("Choose another revision, or tell the owners of the data set."),
        ) from None
