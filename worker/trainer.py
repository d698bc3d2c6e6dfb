"""The training process: ``python -m worker.trainer``. Imports what is slow, waits for one folder, trains, ends.

It speaks to its supervisor by files in that folder and by its standard input: one JSON line with the folder, perhaps a
line ``cancel`` later; the end of the input means that the supervisor is gone. It knows no database and no secret.
Exit codes: 0 done, 3 refused (``error.json`` says why), 4 stopped on request; anything else is a crash.
"""

import contextlib
import errno
import json
import os
import sys
import threading
import traceback
import warnings
from pathlib import Path

from worker.processes import sandbox
from worker.processes.rank_processes import RankProcesses, own_rank

if __name__ == "__main__":
    # Before the libraries start their threads: afterwards the kernel would not let the process leave the network.
    # Whoever helps another process is in its network already, and must stay there to reach it.
    if not own_rank():
        sandbox.close_network()
    sandbox.set_limits()

import datasets
import torch
import transformers

from app.catalog.job_file import JobFile
from app.errors import StudioError
from app.run_report import NullReport, Report, Stopped
from worker.engine.loop.restore_checkpoint import restore
from worker.engine.loop.train import train
from worker.engine.merging.derive import derive
from worker.engine.runtime import distributed, warm_up
from worker.engine.runtime.training_job import TrainingJob
from worker.processes.spool import SpoolReport

# What torch says when the processor's memory or the address space is used up.
NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
DEVICE_GONE = ("CUDA error", "device lost", "uncorrectable ECC", "Xid")

DONE, REFUSED, STOPPED, ORPHANED = 0, 3, 4, 5
TOLD_BY_ANOTHER_SECONDS = 60.0


def main() -> int:
    """Serve one job, or one share of it."""
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    transformers.utils.logging.set_verbosity_error()
    # The log is read by the person whose run it is; what libraries announce for their next version does not help them.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warm_up.warm_up()
    print("ready", flush=True)
    line = sys.stdin.readline()
    if not line:
        return DONE
    folder = Path(json.loads(line)["folder"])
    sandbox.settle(folder)
    try:
        job = JobFile.read(folder)
    except ValueError as error:
        return _refuse(folder, _explain(error))
    return _help(job) if own_rank() else _lead(job)


def _lead(job: JobFile) -> int:
    report = SpoolReport(job.folder / "spool.jsonl")
    threading.Thread(target=_listen, args=(report,), daemon=True).start()
    companions = RankProcesses(job.folder, job.processes)
    try:
        _perform(job, report)
    except Stopped:
        companions.release()
        return STOPPED
    except StudioError as error:
        companions.release()
        return _refuse(job.folder, error)
    except Exception as error:  # a defect would happen again at once, so the run is not tried again by itself
        companions.share_fate()
        return _refuse(job.folder, _explain(error))
    return DONE


def _help(job: JobFile) -> int:
    """Compute one share of a run that another process leads."""
    threading.Thread(target=_listen, args=(None,), daemon=True).start()
    try:
        _perform(job, NullReport())
    except StudioError as error:
        # What settings or data are to blame for, the one that leads finds out as well, and tells after it has saved.
        threading.Event().wait(TOLD_BY_ANOTHER_SECONDS)
        return _refuse(job.folder, error)
    except Exception as error:
        return _refuse(job.folder, _explain(error))
    return DONE


def _join(job: JobFile) -> TrainingJob:
    """The engine's job, after this process has joined the others of the run."""
    torch.set_num_threads(distributed.threads_each(job.threads or torch.get_num_threads(), job.processes))
    ranks = distributed.join(own_rank(), job.processes, job.folder / "meeting")
    return TrainingJob.from_file(job, ranks)


def _perform(job: JobFile, report: Report) -> None:
    training_job = _join(job)
    if job.only_restore:
        restore(training_job, report)
    elif training_job.spec.origin:
        derive(training_job, report)
    else:
        train(training_job, report)


def _listen(report: SpoolReport | None) -> None:
    """Obey ``cancel``; end at once when whoever started this is gone, because somebody else will take over the run."""
    for line in sys.stdin:
        if report and line.strip() == "cancel":
            report.ask_to_stop()
    os._exit(ORPHANED)


def _refuse(folder: Path, error: StudioError) -> int:
    traceback.print_exc()
    aside = folder / f"error-{own_rank()}.aside"
    aside.write_text(json.dumps(error.as_dict(), default=str), encoding="utf-8")
    # Of several processes the first that fails says why; the others fail because of it.
    with contextlib.suppress(FileExistsError):
        os.link(aside, folder / "error.json")
    aside.unlink()
    return REFUSED


def _explain(error: Exception) -> StudioError:
    """Which of the known causes it is; the supervisor has an answer to each."""
    words = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or any(each in words for each in NO_MEMORY):
        return StudioError("out_of_memory", "Memory ran out.", "Choose shorter texts or more portions per update.")
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left on device" in words:
        return StudioError(
            "disk_full", "The disk is full.", "Free some space, then resume the run; the last checkpoint is untouched."
        )
    if any(each in words for each in DEVICE_GONE):
        return StudioError(
            "device_lost",
            f"The graphics card stopped working ({words.splitlines()[0][:200]}).",
            "The run is tried again; tell whoever runs this machine if it happens again.",
        )
    return _defect(error)


def _defect(error: Exception) -> StudioError:
    return StudioError(
        "training_failed",
        f"Training ended with an unexpected error ({type(error).__name__}).",
        "The log below says where. Resuming continues from the last checkpoint.",
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Skips the slow teardown of torch; everything of value has been flushed.
    os._exit(code)
