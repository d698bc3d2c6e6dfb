"""Likelihoods of examples, whatever batch they are read in."""

from collections.abc import Callable

import pytest
import torch
from accelerate import Accelerator

from app.catalog.task_types.generative import Example
from tests.tiny_generation import talk
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.evaluate import read_all
from worker.engine.tasks.generation.model import CausalLM

TALKS = (talk("Hi", "Hello", "More?", "No"), Example(text="Once upon a time"), talk("A longer question?", "Yes."))


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("sharded", [True, False])
def test_scores_are_those_of_each_example_alone(
    model: CausalLM,
    examples_of: Callable[..., list[TokenizedExample]],
    evaluation: EvaluationLoop,
    packed: bool,
    sharded: bool,
) -> None:
    examples = examples_of(*TALKS)
    found = read_all(model, examples, evaluation, packed=packed, sharded=sharded)
    for number, example in enumerate(examples):
        ids = torch.tensor([example.ids])
        with torch.no_grad():
            chances = model.decoder(input_ids=ids).logits[0].log_softmax(-1)
        learned = [at for at, mask in enumerate(example.loss_mask) if mask and at]
        assert found.losses[number] == pytest.approx(
            -sum(float(chances[at - 1, example.ids[at]]) for at in learned), rel=1e-4
        )
        assert found.tokens[number] == example.weight == len(learned)
        assert found.right[number] == sum(int(chances[at - 1].argmax()) == example.ids[at] for at in learned)


def test_scores_of_the_test_are_in_fp32_although_the_run_trains_in_bf16(
    model: CausalLM, examples_of: Callable[..., list[TokenizedExample]]
) -> None:
    examples = examples_of(*TALKS)
    evaluation = EvaluationLoop(Accelerator(cpu=True, mixed_precision="bf16"), ListReport(), 0)
    with torch.no_grad():
        ids = torch.tensor([examples[1].ids])
        expected = float(
            torch.nn.functional.cross_entropy(model.decoder(ids).logits[0, :-1], ids[0, 1:], reduction="sum")
        )
    exact = read_all(model, examples, evaluation, packed=True, exact=True).losses[1]
    rounded = read_all(model, examples, evaluation, packed=True).losses[1]
    assert exact == pytest.approx(expected, rel=1e-5)
    assert rounded == pytest.approx(expected, rel=0.05) and abs(rounded - expected) > 1e-4
