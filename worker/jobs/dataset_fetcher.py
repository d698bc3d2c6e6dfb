"""The process that fetches data: ``python -m worker.jobs.dataset_fetcher FOLDER``. It has no database address.

Reads ``job.json`` in the folder; writes what it fetched, and ``result.json`` or ``error.json``. No file is parsed here but the
Parquet of the hub, which ``datasets`` turns into one file; that, and any file from an address, is read in the sandbox later.
"""

import json
import os
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from app import files
from app.catalog.dataset_source import DatasetSource
from app.errors import StudioError
from app.languages import gettext_noop, storable
from app.services.datasets import address_files, hub_listing
from app.services.datasets.hub_listing import HubRequest
from app.services.datasets.remote_imports import ROWS_FILE, TEST_FILE
from app.settings import get_settings
from worker.jobs import hub_rows
from worker.jobs.hub_rows import RowLimits

REFUSED = 3
DOWNLOAD = "download"
# Phases of the job.
ASKING_HUB, ASKING_HOST = gettext_noop("Asking the hub"), gettext_noop("Asking the host")
ROWS, TEST_ROWS = gettext_noop("Fetching the rows"), gettext_noop("Fetching the rows for the test")
FILE = gettext_noop("Fetching the file")
NOTE_SECONDS = 0.5
# Of a process whose libraries alone take one; a row group of Parquet is read as a whole.
MEMORY_BYTES = 8 * 1024**3


def main(folder: Path) -> int:
    """Fetch what ``job.json`` asks for; 0 when done, 3 when refused."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    request = json.loads((folder / "job.json").read_bytes())
    try:
        files.write_json(folder / "result.json", FETCHES[request.pop("kind")](request, folder))
    except StudioError as error:
        files.write_json(folder / "error.json", storable(error.as_dict()))
        return REFUSED
    return 0


def fetch_from_hub(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the rows of a split; returns ``source``, ``file`` and the ``name`` by which people know it.

    Raises:
        StudioError: why they cannot be had.
    """
    request = HubRequest(**asked)
    notes = _Notes(folder / "progress.json")
    notes.note(ASKING_HUB, 0, 0, at_once=True)
    listing = hub_listing.list_dataset(request.repo, request.revision)
    settings = get_settings()
    limits = RowLimits(request.rows, settings.max_rows, settings.max_upload_bytes)
    splits = hub_rows.chosen_splits(listing, request)
    for split in splits:
        hub_rows.check_size(split, limits)
    for split, file in zip(splits, (ROWS_FILE, TEST_FILE), strict=False):
        phase = ROWS if file == ROWS_FILE else TEST_ROWS
        notes.note(phase, 0, 0, at_once=True)
        hub_rows.fetch_split(listing, split, folder / file, limits, partial(notes.note, phase))
    source = DatasetSource(
        kind="hub",
        repo=listing.repo,
        config=splits[0].config,
        split=splits[0].name,
        test_split=splits[1].name if len(splits) > 1 else "",
        revision=request.revision,
        commit=listing.commit,
        licence=listing.licence,
        first_rows=request.rows,
    )
    names = [f"{listing.repo.rpartition('/')[2]}-{split.name}.parquet" for split in splits]
    return {"source": source.as_dict(), "file": ROWS_FILE, "name": names[0], "test_name": names[-1]}


def fetch_from_address(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the file at an address; returns the same as :func:`fetch_from_hub`.

    Raises:
        StudioError: why it cannot be had.
    """
    notes = _Notes(folder / "progress.json")
    notes.note(ASKING_HOST, 0, 0, at_once=True)
    limit = get_settings().max_upload_bytes
    report = partial(notes.note, FILE, unit="bytes")
    found = address_files.fetch_file(asked["address"], folder / DOWNLOAD, limit, report)
    shown = address_files.shown_address(asked["address"])
    source = DatasetSource(kind="address", address=shown, sha256=found.sha256)
    return {"source": source.as_dict(), "file": DOWNLOAD, "name": found.name, "test_name": ""}


FETCHES = {"hub": fetch_from_hub, "address": fetch_from_address}


class _Notes:
    """Writes phase and progress, about twice a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted = 0.0

    def note(self, phase: str, done: int, total: int, *, unit: str = "rows", at_once: bool = False) -> None:
        """Replace the file's content, unless it is young; ``unit`` is what is counted."""
        now = time.monotonic()
        if now - self._noted < NOTE_SECONDS and not at_once:
            return
        self._noted = now
        progress = {"done": done, "total": total, "unit": unit} if done else {}
        files.write_json(self._path, {"phase": phase, "progress": progress}, durable=False)


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    # The threads that read ahead may wait for the network.
    os._exit(code)
