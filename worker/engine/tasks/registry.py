"""The families of tasks that the engine knows; a task type names its family. A new one is one file and one line."""

from accelerate import Accelerator

from app.catalog.task_types import task_type
from app.run_report import Report
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import Family
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.generation.generation import Generation
from worker.engine.tasks.token_classification.token_classification import Tokens

FAMILIES: dict[str, type[Family]] = {
    "classification": Classification,
    "generation": Generation,
    "tokens": Tokens,
}


def open_family(order: TrainingJob, report: Report, accelerator: Accelerator) -> Family:
    """The parts of this run that depend on what is learned."""
    return FAMILIES[task_type(order.spec.task_type).family](order, report, accelerator)
