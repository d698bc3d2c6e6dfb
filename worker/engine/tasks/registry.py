"""The task families by name; a task type names its family."""

from accelerate import Accelerator

from app.catalog.task_types import task_type
from app.run_report import Report
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import TaskFamily
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.generation.generation import Generation
from worker.engine.tasks.token_classification.token_classification import Tokens

FAMILIES: dict[str, type[TaskFamily]] = {
    "classification": Classification,
    "generation": Generation,
    "tokens": Tokens,
}


def open_family(job: TrainingJob, report: Report, accelerator: Accelerator) -> TaskFamily:
    """The family of a job's task type."""
    return FAMILIES[task_type(job.spec.task_type).family](job, report, accelerator)
