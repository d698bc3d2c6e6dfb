"""The task types, in the order of the menu. A new one is one file beside this one and one line in ``TASK_TYPES``."""

from app.catalog.task_types.base import TaskType
from app.catalog.task_types.chat import Chat
from app.catalog.task_types.continued_pretraining import ContinuedPretraining
from app.catalog.task_types.instruction import Instruction
from app.catalog.task_types.text_classification import TextClassification
from app.catalog.task_types.token_classification import TokenClassification
from app.errors import Rejected

TASK_TYPES: tuple[TaskType, ...] = (
    TextClassification(),
    TokenClassification(),
    Chat(),
    Instruction(),
    ContinuedPretraining(),
)


def task_type(kind: str) -> TaskType:
    """Look a task type up by its kind, or refuse with the kinds there are."""
    for task in TASK_TYPES:
        if task.kind == kind:
            return task
    allowed = ", ".join(task.kind for task in TASK_TYPES)
    raise Rejected("unknown_task_type", f"There is no task type called {kind!r}.", f"Choose one of: {allowed}.")
