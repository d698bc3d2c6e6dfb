"""Forgetting as the change of the loss on fixed texts."""

from pathlib import Path

import numpy as np
import pytest

from app.catalog.card import BaseModelCard
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.generation import general_text_loss
from worker.engine.tasks.generation.general_text_loss import compare, make_examples
from worker.engine.tasks.generation.text_scores import RowScores


def scores(loss: float) -> RowScores:
    """Forty rows of ten tokens with this loss per token."""
    return RowScores(np.full(40, 10 * loss), np.full(40, 10.0), np.zeros(40))


def test_every_line_is_predicted_whole_up_to_the_maximum_length(chat_base: tuple[BaseModelCard, Path]) -> None:
    lines = Path(general_text_loss.__file__).with_name("general_text.txt").read_text(encoding="utf-8").splitlines()
    examples = make_examples(load_tokenizer(chat_base[1]), 20)
    assert len(examples) == len(lines)
    # The tokenizer of this model makes one token of each byte.
    assert [len(example.ids) for example in examples] == [min(20, len(line.encode())) for line in lines]
    assert all(all(example.loss_mask) for example in examples)


@pytest.mark.parametrize(("change", "level"), [(-0.3, "kept"), (0.04, "kept"), (0.06, "amber"), (0.21, "red")])
def test_change_in_nats_per_token_is_judged_by_its_size(change: float, level: str) -> None:
    found = compare(scores(2.0), scores(2.0 + change))
    assert (found.unit, found.rows, found.level) == ("loss", 40, level)
    assert (found.before, found.after) == pytest.approx((2.0, 2.0 + change))
    assert found.change == pytest.approx(change)
    # All rows change alike, so that every resample does.
    assert found.interval == pytest.approx([change, change])
    assert found.perplexity == pytest.approx([np.exp(2.0), np.exp(2.0 + change)])
