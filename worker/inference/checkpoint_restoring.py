"""Makes a checkpoint answer: a process of its own turns it into the form of a download, which is kept in the cache.

Loads no model itself. The name of the kept form is the checkpoint's own hash, so that it can never belong to another one.
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

KEPT = "restored"
MOST_SECONDS = 600.0
LOOK_SECONDS = 0.05

_one_at_a_time = threading.Lock()


def is_checkpoint(folder: Path) -> bool:
    """Whether the folder is what a run left behind on its way, rather than its download."""
    return folder.parent.name == "checkpoints"


def restored(checkpoint: Path) -> Path:
    """The folder that answers for a checkpoint; made on the first call, which takes some seconds.

    Raises:
        NotFound: the checkpoint is gone.
        Conflict: it took too long.
        StudioError: the reason for which it cannot be made, e.g. that its files are damaged.
    """
    contents = checkpoint / manifest.NAME
    if not contents.is_file():
        raise NotFound("checkpoint_not_found", f"The checkpoint {checkpoint.name!r} is gone.", "Choose another step.")
    kept = storage.cache_dir() / KEPT / manifest.sha256_of(contents)
    with _one_at_a_time:
        if not (kept / manifest.NAME).is_file():
            _make(checkpoint, kept)
    return kept


def _make(checkpoint: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".aside-"))
    try:
        job = JobFile.read(checkpoint.parents[1])
        job.model_copy(update={"folder": folder, "resume_from": checkpoint, "only_restore": True}).write()
        _run(folder)
        shutil.rmtree(kept, ignore_errors=True)
        (folder / "adapter").rename(kept)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path) -> None:
    """Have a trainer do it, in the sandbox of every trainer and without the device, which others need."""
    process = TrainerProcess(without_device=True)
    deadline = time.monotonic() + MOST_SECONDS
    try:
        process.give(folder)
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise Conflict(
                    "restore_slow",
                    f"The checkpoint was not ready after {MOST_SECONDS:.0f} s.",
                    "Wait for the run's end.",
                )
            time.sleep(LOOK_SECONDS)
    finally:
        process.end()
    if (folder / "adapter" / manifest.NAME).is_file():
        return
    refused = folder / "error.json"
    if not refused.is_file():
        raise StudioError("restore_failed", "The checkpoint could not be made to answer.", "Choose another step.")
    told = storage.read_json(refused)["error"]
    raise StudioError(told["code"], told["message"], told.get("hint", ""), details=told.get("details") or {})
