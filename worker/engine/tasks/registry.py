"""The engines of the tasks: one for each family of networks, and for tasks whose labels or scores are of another form."""

from accelerate import Accelerator

from app.catalog.card import BaseModelCard
from app.catalog.model_facts import ENCODER_DECODER
from app.catalog.task_types import task_type
from app.run_report import Report
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import TaskFamily
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.generation.generation import Generation
from worker.engine.tasks.multi_label.multi_label import MultiLabel
from worker.engine.tasks.pairs.pairs import Pairs
from worker.engine.tasks.preference.preference import Preferences
from worker.engine.tasks.regression.regression import Regressor
from worker.engine.tasks.text_to_text.encoder_decoder import EncoderDecoder
from worker.engine.tasks.text_to_text.rewriting import Rewriting
from worker.engine.tasks.token_classification.token_classification import Tokens

# By the kind of a task, else by its family.
ENGINES: dict[str, type[TaskFamily]] = {
    "classification": Classification,
    "generation": Generation,
    "tokens": Tokens,
    "multi-label-classification": MultiLabel,
    "regression": Regressor,
    "text-to-text": Rewriting,
    "pair-classification": Pairs,
    "preference": Preferences,
}


def engine_of(kind: str, base: BaseModelCard) -> type[TaskFamily]:
    """What trains, tests and answers for a task type with a base model."""
    if base.architecture == ENCODER_DECODER:
        return EncoderDecoder
    return ENGINES.get(kind) or ENGINES[task_type(kind).family]


def open_family(job: TrainingJob, report: Report, accelerator: Accelerator) -> TaskFamily:
    """The engine of a job's task type."""
    return engine_of(job.spec.task_type, job.base)(job, report, accelerator)
