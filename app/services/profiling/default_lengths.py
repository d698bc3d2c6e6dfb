"""The default maximum length of a task's texts, from the distribution of their lengths in tokens."""

from app.catalog.card import BaseModelCard
from app.catalog.task_types.base import TaskType
from app.catalog.text_length import TextLength, choose_length, declared_length
from app.catalog.training import TrainingSettings
from app.services.profiling.token_lengths import TokenLengths

DEFAULT_EPOCHS: float = TrainingSettings.model_fields["epochs"].default


def length_for(task: TaskType, card: BaseModelCard, lengths: TokenLengths, room: int | None = None) -> TextLength:
    """The length that a run reads unless somebody says otherwise.

    Args:
        lengths: of the usable rows, in tokens of this base model.
        room: the longest text that the base model reads beside what a method puts before it; all of it if None.
    """
    room = card.context_length if room is None else room
    if not task.cuts_texts or not lengths.rows:
        return declared_length(task.training_defaults, room)
    counts = {int(length): rows for length, rows in lengths.counts.items()}
    epochs = task.training_defaults.get("epochs", DEFAULT_EPOCHS)
    return choose_length(counts, room, card.parameters, epochs, lengths.of_rows or lengths.rows)
