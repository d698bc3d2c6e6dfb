"""The default length of a task's texts on a base model."""

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.task_types import task_type
from app.services.profiling.default_lengths import length_for
from app.services.profiling.token_lengths import TokenLengths

LONG = TokenLengths.from_counts({300: 100}, "starter-encoder", measured=True)


def test_labelled_texts_are_read_whole_and_writing_keeps_its_own_length() -> None:
    assert length_for(task_type("text-classification"), STARTER_ENCODER, LONG).tokens == 512
    assert length_for(task_type("token-classification"), STARTER_ENCODER, LONG).tokens == 512
    # A soft prompt stands before the text.
    assert length_for(task_type("text-classification"), STARTER_ENCODER, LONG, room=492).tokens == 492
    assert length_for(task_type("chat"), STARTER_ENCODER, LONG, room=256).tokens == 256


def test_without_a_text_the_general_default_stands() -> None:
    empty = TokenLengths.from_counts({}, "starter-encoder", measured=True)
    assert length_for(task_type("text-classification"), STARTER_ENCODER, empty).tokens == 128
