"""The divergence from the reference: none from itself, and by the definition from another."""

from typing import Any

import pytest
import torch

from tests.tiny_generation import talk
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.preference import divergence as module
from worker.engine.tasks.preference.divergence import divergence, next_tokens


def test_divergence_is_that_of_the_definition() -> None:
    tuned, reference = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.25, 0.75]]).log()
    # 0.5 ln 2 + 0.5 ln (2 / 3)
    assert divergence(tuned, reference) == pytest.approx(0.14384, abs=1e-5)


def test_positions_are_those_of_the_answers(
    model: CausalLM, examples_of: Any, evaluation: EvaluationLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = examples_of(talk("Hi", "Hello"), talk("Ho", "No"))
    found = next_tokens(model, examples, evaluation)
    assert len(found) == len("Hello") + len("No") + 2
    assert divergence(found, found) == 0
    monkeypatch.setattr(module, "POSITIONS", 6)
    assert len(next_tokens(model, examples, evaluation)) == 6
