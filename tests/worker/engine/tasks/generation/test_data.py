"""Conversations are truncated, running text is cut into chunks."""

from pathlib import Path

from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import open_masker
from app.catalog.task_types.generative import Example
from tests.tiny_generation import talk
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.generation.data import tokenize_and_mask


def test_a_conversation_loses_its_end_and_running_text_nothing(chat_base: tuple[BaseModelCard, Path]) -> None:
    _, base = chat_base
    long = talk("Hi", "Hello", "More?", "A very long answer")
    part = tokenize_and_mask(
        [(0, long), (1, talk("A question without room", "Yes"))], open_masker(base), 12, ListReport()
    )
    assert (part.cut_rows, part.left_out, len(part.examples)) == (2, 1, 1)
    cut = part.examples[0]
    assert len(cut.ids) == 12 and cut.weight == len("Hello") + 1
    text = "Once upon a time there was a king."
    pieces = tokenize_and_mask([(0, Example(text=text))], open_masker(base), 12, ListReport())
    assert pieces.cut_rows == 0
    # Every token but the very first is predicted exactly once.
    assert sum(example.weight for example in pieces.examples) == len(text) + 1 - 1
