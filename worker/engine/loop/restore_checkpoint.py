"""A checkpoint in the form of a download, so that people can try what a run knew at that step.

The same way as in :mod:`worker.engine.loop.train`, without learning: a method may start from the data or from chance, so its parts
are made again from the same seed, and then the checkpoint's weights are put in.
"""

from accelerate import Accelerator
from accelerate.utils import set_seed

from app.run_report import Report
from worker.engine.loop import checkpoints, save, training_loop
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.registry import open_family

FORM = "adapter"


def restore(order: TrainingJob, report: Report) -> None:
    """Write ``adapter/`` into the order's folder from the checkpoint that the order resumes from; no card, no answers.

    Raises:
        StudioError: the checkpoint is damaged, or belongs to another method.
    """
    assert order.resume_from is not None
    family = open_family(order, report, Accelerator(mixed_precision="no"))
    family.read()
    family.load()
    schedule = training_loop.plan(order.spec, order.base, len(family.lessons.lengths))
    set_seed(order.spec.training.seed)
    family.adapt(schedule.total)
    checkpoints.put_weights(family.model, order.resume_from)
    order.spec.method.restore_extra_state(family.body, checkpoints.method_state(order.resume_from))
    save.save_learned(order.folder / FORM, family)
