"""The process that writes a run for a tracker: ``python -m worker.jobs.exporter FOLDER``. It has no database address.

Reads ``job.json`` in the folder; packs the files that the tracker's library wrote into ``export.zip``; the outcome is
``result.json`` or ``error.json``.
"""

import importlib.util
import json
import os
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from app import files
from app.catalog.trackers import TrackedRun, Tracker, find_tracker
from app.errors import Rejected, StudioError
from app.processes.subprocess import inherited


@dataclass(frozen=True)
class ExportResult:
    """Where the run can be seen, or the size of the packed files."""

    address: str
    bytes: int


def main(folder: Path) -> int:
    """Write the run that ``job.json`` holds; 0 when done, 3 when refused."""
    try:
        payload = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        result = export(find_tracker(payload["tracker"]), TrackedRun.from_dict(payload["run"]), folder)
        files.write_json(folder / "result.json", asdict(result))
    except StudioError as error:
        files.write_json(folder / "error.json", error.as_dict())
        return 3
    return 0


def export(tracker: Tracker, run: TrackedRun, folder: Path) -> ExportResult:
    """Write the run with the tracker's library.

    Raises:
        Rejected: the tracker's package is not installed.
        StudioError: its server or library refused.
    """
    if importlib.util.find_spec(tracker.package) is None:
        raise Rejected(
            "tracker_not_installed",
            f"{tracker.title} is not installed where the workers run.",
            "Install it there: pip install 'fine-tuning-studio[trackers]', and try again.",
        )
    written = folder / "written"
    written.mkdir(exist_ok=True)
    settings = inherited(tracker.environment)
    try:
        address = tracker.write(run, written, settings)
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise StudioError(
            "tracker_failed",
            f"{tracker.title} did not take the run: {reason}",
            "Check its address and key, then try again.",
        ) from error
    return ExportResult(address, 0 if address else _pack(written, folder / "export.zip"))


def _pack(source: Path, target: Path) -> int:
    """Zip the files, links left out; returns the size in bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.write(path, path.relative_to(source))
    return target.stat().st_size


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    # Trackers' libraries leave threads that wait for the network.
    os._exit(code)
