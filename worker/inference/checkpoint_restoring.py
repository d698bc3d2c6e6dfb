"""Turns a checkpoint into the form of a download, in a process of its own, and caches the result.

The cached folder is named by the hash of the checkpoint's manifest, so it can never belong to another checkpoint.
"""

import shutil
import tempfile
import threading
import time
from pathlib import Path

from app import manifest, storage
from app.catalog.job_file import JobFile
from app.errors import Conflict, NotFound, StudioError
from worker.processes.trainer_process import TrainerProcess

CACHE_NAME = "restored"
MAX_SECONDS = 600.0
POLL_SECONDS = 0.05

_one_at_a_time = threading.Lock()


def is_checkpoint(folder: Path) -> bool:
    """Whether the folder is a checkpoint of a run rather than its download."""
    return folder.parent.name == "checkpoints"


def restored(checkpoint: Path) -> Path:
    """The checkpoint as a download; made on the first call, which takes some seconds.

    Raises:
        NotFound: the checkpoint is gone.
        Conflict: it took too long.
        StudioError: the reason for which it cannot be made, e.g. that its files are damaged.
    """
    contents = checkpoint / manifest.NAME
    if not contents.is_file():
        raise NotFound("checkpoint_not_found", f"The checkpoint {checkpoint.name!r} is gone.", "Choose another step.")
    cached = storage.cache_dir() / CACHE_NAME / manifest.sha256_of(contents)
    with _one_at_a_time:
        if not (cached / manifest.NAME).is_file():
            _create(checkpoint, cached)
    return cached


def _create(checkpoint: Path, cached: Path) -> None:
    cached.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=cached.parent, prefix=".aside-"))
    try:
        job = JobFile.read(checkpoint.parents[1])
        job.model_copy(update={"folder": folder, "resume_from": checkpoint, "only_restore": True}).write()
        _run(folder)
        shutil.rmtree(cached, ignore_errors=True)
        (folder / "adapter").rename(cached)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path) -> None:
    """Have a trainer do it, in its sandbox and without the device, which others need."""
    process = TrainerProcess(without_device=True)
    deadline = time.monotonic() + MAX_SECONDS
    try:
        process.give(folder)
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise Conflict(
                    "restore_slow",
                    f"The checkpoint was not ready after {MAX_SECONDS:.0f} s.",
                    "Wait for the run's end.",
                )
            time.sleep(POLL_SECONDS)
    finally:
        process.end()
    if (folder / "adapter" / manifest.NAME).is_file():
        return
    refused = folder / "error.json"
    if not refused.is_file():
        raise StudioError("restore_failed", "The checkpoint could not be made to answer.", "Choose another step.")
    error = storage.read_json(refused)["error"]
    raise StudioError(error["code"], error["message"], error.get("hint", ""), details=error.get("details") or {})
