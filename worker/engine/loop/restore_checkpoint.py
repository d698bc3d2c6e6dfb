"""A checkpoint as an adapter folder, so that the model can be tried as it was at that step.

As in :mod:`worker.engine.loop.train`, without training: a method may start from the data or from random numbers, so its parameters
are made again from the same seed, and then the weights of the checkpoint are loaded.
"""

from accelerate import Accelerator
from accelerate.utils import set_seed

from app.run_report import Report
from worker.engine.loop import checkpoints, save
from worker.engine.loop.cross_validation import all_rows_job
from worker.engine.loop.schedule import plan
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.registry import open_family

FOLDER = "adapter"


def restore(job: TrainingJob, report: Report) -> None:
    """Write ``adapter/`` into the job's folder from the checkpoint that the job resumes from.

    Raises:
        StudioError: the checkpoint is damaged, or belongs to another method.
    """
    # Methods that start from the data must see the rows that the model was trained on.
    job = all_rows_job(job)
    assert job.resume_from is not None
    family = open_family(job, report, Accelerator(mixed_precision="no"))
    family.read()
    family.load()
    schedule = plan(job.spec, job.base, len(family.training_data.lengths))
    set_seed(job.spec.training.seed)
    family.adapt(schedule.total)
    checkpoints.load_weights(family.model, job.resume_from)
    job.spec.method.restore_extra_state(family.body, checkpoints.method_state(job.resume_from))
    save.save_checkpoint_adapter(job.folder / FOLDER, family)
