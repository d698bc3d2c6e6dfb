"""The task types, in the order of the menu. A new one is one file beside this one and one line in ``TASK_TYPES``."""

from app.catalog.task_types.base import TaskType
from app.catalog.task_types.chat import Chat
from app.catalog.task_types.continued_pretraining import ContinuedPretraining
from app.catalog.task_types.instruction import Instruction
from app.catalog.task_types.multi_label_classification import MultiLabelClassification
from app.catalog.task_types.pair_classification import PairClassification
from app.catalog.task_types.preference import Preference
from app.catalog.task_types.regression import Regression
from app.catalog.task_types.scores import Score
from app.catalog.task_types.text_classification import TextClassification
from app.catalog.task_types.text_to_text import TextToText
from app.catalog.task_types.token_classification import TokenClassification
from app.errors import Rejected
from app.languages import stated

TASK_TYPES: tuple[TaskType, ...] = (
    TextClassification(),
    MultiLabelClassification(),
    PairClassification(),
    Regression(),
    TokenClassification(),
    Chat(),
    Instruction(),
    TextToText(),
    Preference(),
    ContinuedPretraining(),
)

_PRIMARY = [task.primary_score for task in TASK_TYPES]
# Every score of every task, those by which runs are ranked first; of tasks that share a key the last one's words.
SCORES: dict[str, Score] = {
    score.key: score for score in (*_PRIMARY, *(score for task in TASK_TYPES for score in task.scores))
}
PRIMARY_SCORES: tuple[Score, ...] = tuple(SCORES[key] for key in dict.fromkeys(score.key for score in _PRIMARY))
# Those that paired tests decide about: of answers that can be right, wrong or near.
DECIDED_SCORES = tuple(dict.fromkeys(task.primary_metric for task in TASK_TYPES if task.answer_form != "text"))


def kinds_of(*families: str) -> tuple[str, ...]:
    """The task types of these families, in the order of the menu."""
    return tuple(task.kind for task in TASK_TYPES if task.family in families)


def score_unit(key: str) -> str:
    """``share`` or ``number`` for a score of any task, the loss or whatever else was measured."""
    return SCORES[key].unit if key in SCORES else "number"


def task_type(kind: str) -> TaskType:
    """Look a task type up by its kind, or refuse with the kinds there are."""
    for task in TASK_TYPES:
        if task.kind == kind:
            return task
    allowed = ", ".join(task.kind for task in TASK_TYPES)
    raise Rejected(
        "unknown_task_type",
        stated("There is no task type called {kind}.", kind=repr(kind)),
        stated("Choose one of: {allowed}.", allowed=allowed),
    )
