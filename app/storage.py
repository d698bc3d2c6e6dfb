"""Paths below the data folder: uploads, dataset versions, run folders, artifacts.

Names on disk are our own ids, never a user's words.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from app.outside_names import path_inside
from app.settings import get_settings

# Rights of the group and of everybody else.
OTHERS = 0o077


def data_dir() -> Path:
    """The data folder; private to this user, also where it was there before."""
    folder = _folder(get_settings().resolved_data_dir)
    if folder.stat().st_mode & OTHERS:
        # Somebody else's folder that is shared on purpose cannot be changed, and stays as its owner wants it.
        with contextlib.suppress(PermissionError):
            folder.chmod(folder.stat().st_mode & ~OTHERS)
    return folder


def uploads_dir() -> Path:
    """Where uploads are spooled while they arrive."""
    return _folder(data_dir() / "uploads")


def dataset_dir(version_id: str) -> Path:
    """Folder of one immutable dataset version: ``rows.parquet``, ``splits.json``, ``report.json``."""
    return data_dir() / "datasets" / _safe_id(version_id)


def run_dir(run_id: str) -> Path:
    """Folder of one run; each attempt writes only under its own sub-folder."""
    return _folder(data_dir() / "runs" / _safe_id(run_id))


def attempt_dir(run_id: str, fence: int) -> Path:
    """Folder that one holder of the lease writes to, named by its fencing token."""
    return _folder(run_dir(run_id) / f"attempt-{fence}")


def recorded_path(path: str) -> Path:
    """The file or folder that a row names by its path below the data folder.

    Raises:
        Rejected: it points out of the data folder, as a row of a forged backup may.
    """
    return path_inside(data_dir(), path)


def export_file(export_id: str) -> Path:
    """What an export of a run to a tracker wrote, to download."""
    return data_dir() / "exports" / f"{_safe_id(export_id)}.zip"


def batch_prediction_dir(batch_id: str) -> Path:
    """Folder of one file that a model answers: its rows, the answers, and the table of both to download."""
    return data_dir() / "batch-predictions" / _safe_id(batch_id)


def cache_dir() -> Path:
    """Tokenised data, keyed by content; may be deleted at any time."""
    return _folder(data_dir() / "cache")


def models_dir() -> Path:
    """Where fetched base models are, or will be."""
    return data_dir() / "models"


def model_dir(name: str) -> Path:
    """Folder of one fetched base model; a slash in the name would be a folder of its own."""
    return models_dir() / name.replace("/", "--")


def broker_dir() -> Path:
    """Private folder of Celery's filesystem transport in the embedded default."""
    return _folder(data_dir() / "broker")


def state_dir() -> Path:
    """Lock file, process ids and logs of the processes that `studio up` supervises."""
    return _folder(data_dir() / "state")


def logs_dir() -> Path:
    """Log files of every supervised process."""
    return _folder(data_dir() / "logs")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_bytes())


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _safe_id(value: str) -> str:
    if not value or not all(c.isalnum() or c == "-" for c in value):
        raise ValueError(f"not an id: {value!r}")
    return value
