"""The training process: ``python -m worker.trainer``. Imports the slow libraries, waits for one folder, trains, exits.

It communicates with its supervisor by files in that folder and by its standard input: one JSON line with the folder, perhaps
a line ``cancel`` later; the end of the input means that the supervisor is gone. It has no database address and no secret.
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

from app.processes import garbage_collection
from worker.processes import sandbox
from worker.processes.rank_processes import RankProcesses, own_rank

if __name__ == "__main__":
    # Before the libraries start their threads: the kernel moves only a process of one thread to another network.
    # Ranks above 0 are in the network of rank 0 already, and must stay there to reach it.
    sandbox.confine(network=not own_rank())
    garbage_collection.pause()

import datasets
import torch
import transformers

from app.catalog.job_file import JobFile
from app.errors import DiskFull, StudioError
from app.run_report import NullReport, Report, Stopped
from worker.engine.loop.cross_validation import cross_validate
from worker.engine.loop.restore_checkpoint import restore
from worker.engine.loop.train import train
from worker.engine.merging.derive import derive
from worker.engine.runtime import distributed, warm_up
from worker.engine.runtime.training_job import TrainingJob
from worker.processes.spool import SpoolReport

# Messages of torch when memory or address space is exhausted.
NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
DEVICE_GONE = ("CUDA error", "device lost", "uncorrectable ECC", "Xid")

DONE, REFUSED, STOPPED, ORPHANED = 0, 3, 4, 5
RANK_ZERO_SECONDS = 60.0


def main() -> int:
    """Serve one job, or one rank of it."""
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    datasets.disable_progress_bars()
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # The log is shown to the owner of the run, whom announcements of the libraries' next versions do not help.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warm_up.warm_up()
    garbage_collection.resume()
    print("ready", flush=True)
    line = sys.stdin.readline()
    if not line:
        return DONE
    given = json.loads(line)
    folder = Path(given["folder"])
    sandbox.enter_folder(folder)
    try:
        job = JobFile.read(folder)
    except ValueError as error:
        return _refuse(folder, _explain(error))
    # The other ranks stand behind the fence of rank 0, which starts them.
    if not own_rank():
        sandbox.close_data_folder(Path(given["data"]), _read_by(job), job.folder, job.cache)
    return _run_rank(job) if own_rank() else _run_rank_zero(job)


def _read_by(job: JobFile) -> tuple[Path, ...]:
    """What a job names besides its own folder; the best checkpoint lies beside the one that is continued from."""
    earlier = (job.resume_from.parent,) if job.resume_from else ()
    return (job.rows.parent, job.splits.parent, job.base_model, *earlier, *job.earlier_attempts, *job.parents)


def _run_rank_zero(job: JobFile) -> int:
    report = SpoolReport(job.folder / "spool.jsonl")
    threading.Thread(target=_listen, args=(report,), daemon=True).start()
    for sentence in sandbox.missing_fences:
        report.event("notice", sentence, severity="warning")
    rank_processes = RankProcesses(job.folder, job.processes)
    try:
        _perform(job, report)
    except Stopped:
        rank_processes.release()
        return STOPPED
    except StudioError as error:
        rank_processes.release()
        return _refuse(job.folder, error)
    except Exception as error:  # a defect would happen again, so the run is not retried automatically
        rank_processes.exit_with_failed_rank()
        return _refuse(job.folder, _explain(error))
    return DONE


def _run_rank(job: JobFile) -> int:
    """One rank above 0 of a run on several devices."""
    threading.Thread(target=_listen, args=(None,), daemon=True).start()
    try:
        _perform(job, NullReport())
    except StudioError as error:
        # Rank 0 finds the same fault of settings or data and reports it, after it has saved.
        threading.Event().wait(RANK_ZERO_SECONDS)
        return _refuse(job.folder, error)
    except Exception as error:
        return _refuse(job.folder, _explain(error))
    return DONE


def _join(job: JobFile) -> TrainingJob:
    """The engine's job, after this process has joined the others of the run."""
    threads = distributed.threads_per_process(job.threads or torch.get_num_threads(), job.processes)
    torch.set_num_threads(threads)
    distributed.init_process_group(own_rank(), job.processes, job.folder / "meeting")
    return TrainingJob.from_file(job)


def _perform(job: JobFile, report: Report) -> None:
    training_job = _join(job)
    if job.only_restore:
        restore(training_job, report)
    elif training_job.spec.origin:
        derive(training_job, report)
    elif training_job.spec.training.cross_validation_folds:
        cross_validate(training_job, report)
    else:
        train(training_job, report)


def _listen(report: SpoolReport | None) -> None:
    """Obey ``cancel``; exit at once when the supervisor is gone, because another one will take over the run."""
    for line in sys.stdin:
        if report and line.strip() == "cancel":
            report.ask_to_stop()
    os._exit(ORPHANED)


def _refuse(folder: Path, error: StudioError) -> int:
    traceback.print_exc()
    temporary = folder / f"error-{own_rank()}.aside"
    temporary.write_text(json.dumps(error.as_dict(), default=str), encoding="utf-8")
    # The first rank that fails gives the cause; the others fail because of it.
    with contextlib.suppress(FileExistsError):
        os.link(temporary, folder / "error.json")
    temporary.unlink()
    return REFUSED


def _explain(error: Exception) -> StudioError:
    """Classify an exception: the supervisor handles each of these codes differently."""
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or any(phrase in text for phrase in NO_MEMORY):
        return StudioError("out_of_memory", "Memory ran out.", "Choose shorter texts or more portions per update.")
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left on device" in text:
        return DiskFull(remedy="Then resume the run; the last checkpoint is untouched.")
    if any(phrase in text for phrase in DEVICE_GONE):
        return StudioError(
            "device_lost",
            f"The graphics card stopped working ({text.splitlines()[0][:200]}).",
            "The run is tried again; tell the administrator of this studio if it happens again.",
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
    # Skips the slow teardown of torch; all files have been flushed.
    os._exit(code)
