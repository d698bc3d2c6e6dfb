"""The loss of examples that models write."""

from collections.abc import Callable

import pytest
import torch

from tests.tiny_generation import talk
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.generation.training_examples import Examples


def test_loss_is_the_sum_over_learned_tokens_packed_or_not(
    model: CausalLM, examples_of: Callable[..., list[TokenizedExample]]
) -> None:
    examples = examples_of(talk("One tea", "A tea"), talk("ta", "Bye!"))
    data = Examples(examples, 0, torch.device("cpu"))
    packed = float(data.loss(model, [0, 1]))
    data.packed = False
    assert float(data.loss(model, [0, 1])) == pytest.approx(packed, rel=1e-4)
    assert float(data.loss(model, [0]) + data.loss(model, [1])) == pytest.approx(packed, rel=1e-4)
    assert data.weight([[0], [1]]) == sum(example.weight for example in examples)
